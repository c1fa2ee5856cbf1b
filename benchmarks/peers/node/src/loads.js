// What is read of many customers at once, in the form that the gateway measured as the fastest, given to every Node server
// here: a collection is swept once for all customers, along an index that begins with them, and what several loads sweep
// is united in one command. Only what has no bound for many customers is joined to each of them by a `$lookup`.
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

// A sweep for many customers reads no more than this; the benchmark's customers have far less.
const MOST_SWEPT = 1_000

// The answers of all loads in a map by customer id, a list in the order of the loads.
export async function loaded (loads, ids) {
  const sweeps = loads.map(load => swept(load, ids))
  if (sweeps.some(one => one === null)) return joined(loads, ids)
  const tagged = sweeps.map(({ from, pipeline }, n) => ({ from, pipeline: [...pipeline, { $set: { _sweep: n } }] }))
  const found = tagged.length === 1
    ? await aggregate(database.collection(tagged[0].from), tagged[0].pipeline)
    : await aggregate(database, [
      { $documents: [] },
      ...tagged.map(({ from, pipeline }) => ({ $unionWith: { coll: from, pipeline } })),
    ])
  const answers = new Map(ids.map(id => [id.toHexString(), loads.map(() => [[]])]))
  const read = loads.map(() => 0)
  for (const one of found) {
    const n = one._sweep
    delete one._sweep
    if (ids.length === 1) answers.get(ids[0].toHexString())[n][0].push(loads[n].merge ? row(one) : one)
    else if (sweeps[n].isGrouped) {
      read[n] += one.read
      answers.get(one._id.toHexString())[n][0] = one.rows
    } else answers.get(one.customer_id.toHexString())[n][0].push(one)
  }
  return read.some(count => count >= MOST_SWEPT) ? joined(loads, ids) : answers
}

const row = ({ _order: order, _kind: kind, ...document }) => ({ order, kind, document })

function swept (load, ids) {
  const [first, ...others] = load.lookups
  if (ids.length === 1) {
    const match = { $match: { customer_id: ids[0] } }
    if (!load.merge) return { from: first.from, pipeline: [match, ...(first.pipeline ?? [])] }
    const [head, ...tail] = [first, ...others].map(({ from, pipeline }) => {
      const { order, kind } = pipeline.at(-1).$project
      return { coll: from, pipeline: [match, ...pipeline.slice(0, -1), { $set: { _order: order, _kind: kind } }] }
    })
    const limit = first.pipeline.find(stage => stage.$limit)
    return {
      from: head.coll,
      pipeline: [
        ...head.pipeline, ...tail.map(one => ({ $unionWith: one })),
        { $sort: { _order: -1, _kind: -1, _id: -1 } }, limit,
      ],
    }
  }
  const match = { $match: { customer_id: { $in: ids } } }
  if (!first.pipeline) return { from: first.from, pipeline: [match] }
  const sort = first.pipeline[0].$sort
  if (others.length || !sort) return null
  const group = { _id: '$customer_id', read: { $sum: 1 }, rows: { $firstN: { n: first.pipeline[1].$limit, input: '$$ROOT' } } }
  const pipeline = [match, { $sort: { customer_id: -1, ...sort } }, { $limit: MOST_SWEPT }, { $group: group }]
  return { from: first.from, pipeline, isGrouped: true }
}

// A document per customer, a `$lookup` per record kind.
async function joined (loads, ids) {
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
