// What is read of many customers at once. A load says which `$lookup`s it needs, how what they find is put together, and
// what is made of it. Each `$lookup` is sorted and limited, so an index bounds it whatever the length of the list: the
// form that the gateway measured as the fastest, given to every server here.
import { aggregate, database } from './database.js'
import { asEntry, asIdentity, asInterest, asPurchase, asTicket, listed, summed } from './shapes.js'
import { compare } from './held.js'

const newest = (order, limit) => [{ $sort: { [order]: -1, _id: -1 } }, { $limit: limit }]

// One more than the page shows, to know whether there are others.
const list = (from, order, shape) => first => ({
  lookups: [{ from, pipeline: newest(order, first + 1) }],
  read: ([documents], viewer) => listed(documents, first, one => shape(one, viewer)),
})

export const purchases = list('purchases', 'placed_at', asPurchase)
export const tickets = list('tickets', 'created_at', asTicket)
export const interests = list('interests', 'score', asInterest)

export const identities = () => ({
  lookups: [{ from: 'identities' }],
  read: ([documents], viewer) => documents
    .sort((a, b) => compare(a.channel, b.channel) || compare(a.account, b.account) || compare(a._id.toHexString(), b._id.toHexString()))
    .map(one => asIdentity(one, viewer)),
})

export const summary = top => ({
  lookups: [{
    from: 'interests',
    pipeline: [
      {
        $group: {
          _id: '$category',
          count: { $sum: 1 },
          top: { $topN: { n: top, sortBy: { score: -1, observed_at: -1, _id: -1 }, output: '$$ROOT' } },
        },
      },
      { $sort: { _id: 1 } },
    ],
  }],
  read: ([groups], viewer, customer) => summed(groups, customer, viewer, top),
})

const TIMELINE = [
  ['NOTE', 'notes', 'created_at'],
  ['MESSAGE', 'messages', 'sent_at'],
  ['TICKET', 'tickets', 'created_at'],
  ['PURCHASE', 'purchases', 'placed_at'],
  ['INTEREST', 'interests', 'triggered_at'],
]

export const history = last => ({
  lookups: TIMELINE.map(([kind, from, at]) => ({
    from,
    pipeline: [...newest(at, last + 1), { $project: { order: `$${at}`, kind: { $literal: kind }, document: '$$ROOT' } }],
  })),
  merge: found => ({
    $slice: [{ $sortArray: { input: { $concatArrays: found }, sortBy: { order: -1, kind: -1, _id: -1 } } }, last + 1],
  }),
  read: ([rows], viewer) => {
    const shown = rows.slice(0, last).reverse()
    const edges = shown.map(row => asEntry(row, viewer))
    return {
      edges,
      pageInfo: {
        hasNextPage: false,
        hasPreviousPage: rows.length > last,
        startCursor: edges[0]?.cursor ?? null,
        endCursor: edges.at(-1)?.cursor ?? null,
      },
    }
  },
})

// One aggregation for all of the loads and all of the customers: a document per customer, a `$lookup` per record kind.
// The answers stand in a map by customer id, a list in the order of the loads.
export async function loaded (loads, ids) {
  const stages = []
  const shown = {}
  const names = loads.map((load, n) => {
    const fields = load.lookups.map((one, k) => {
      const as = `l${n}_${k}`
      stages.push({ $lookup: { ...one, localField: '_id', foreignField: 'customer_id', as } })
      return as
    })
    if (!load.merge) {
      for (const field of fields) shown[field] = 1
      return fields
    }
    shown[`m${n}`] = load.merge(fields.map(field => `$${field}`))
    return [`m${n}`]
  })
  const found = await aggregate(database, [{ $documents: ids.map(_id => ({ _id })) }, ...stages, { $project: shown }])
  return new Map(found.map(one => [one._id.toHexString(), names.map(fields => fields.map(field => one[field]))]))
}
