// How customers are found: by an identity, or the newest in a list. One command each.
import { createHash } from 'node:crypto'
import { GraphQLError } from 'graphql'
import { aggregate, database } from './database.js'
import { held } from './held.js'
import { asCustomer } from './shapes.js'

const keys = database.collection('identity_keys')
const customers = database.collection('customers')
const PHONES = new Set(['whatsapp', 'sms', 'phone', 'viber'])

function canonical (channel, value) {
  const text = value.trim()
  if (PHONES.has(channel)) return '+' + text.replace(/\D/g, '')
  return channel === 'email' ? text.toLowerCase() : text
}

export async function customerByIdentity ({ channel, account, value }, viewer) {
  if (!held.channels.has(channel)) throw new GraphQLError(`\`channel\` is '${channel}', which is no channel here.`)
  const words = [channel, account, canonical(channel, value)].join('\x1f')
  const _id = createHash('sha256').update(words).digest('hex')
  const [found] = await aggregate(keys, [
    { $match: { _id } },
    { $lookup: { from: 'customers', localField: 'customer_id', foreignField: '_id', as: 'own' } },
  ])
  if (!found?.own.length) return null
  const customer = asCustomer(found.own[0], viewer)
  return { customer, kind: customer.isAnonymous ? 'ANONYMOUS' : 'IDENTIFIED' }
}

export async function newestCustomers (first, viewer) {
  const found = await customers.find({ merged_into: null }, { maxTimeMS: 10_000 })
    .sort({ last_interaction_at: -1, _id: -1 }).limit(first + 1).toArray()
  const nodes = found.slice(0, first).map(one => asCustomer(one, viewer))
  const place = one => Buffer.from(`${one.document.last_interaction_at.getTime()}:${one.key.toHexString()}`).toString('base64url')
  return {
    nodes,
    pageInfo: {
      hasNextPage: found.length > first,
      hasPreviousPage: false,
      startCursor: nodes.length ? place(nodes[0]) : null,
      endCursor: nodes.length ? place(nodes.at(-1)) : null,
    },
  }
}
