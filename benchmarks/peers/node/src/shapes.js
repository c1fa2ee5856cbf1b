// What is made of stored documents: objects as the schema names them, without what the viewer may not see.
import { agentOf, compare, held } from './held.js'

export const idOf = (type, key) => Buffer.from(`${type}:${key.toHexString()}`).toString('base64url')

const personal = (value, viewer) => viewer.maySeePersonal ? value ?? null : null

const NEVER = new Date(0)

export function asCustomer (one, viewer) {
  return {
    document: one,
    key: one._id,
    id: idOf('Customer', one._id),
    displayName: personal(one.display_name, viewer),
    firstName: personal(one.attributes.firstName, viewer),
    lastName: personal(one.attributes.lastName, viewer),
    isAnonymous: one.is_anonymous,
    createdAt: one.created_at,
    updatedAt: one.updated_at,
    lastInteractionAt: one.last_interaction_at > NEVER ? one.last_interaction_at : null,
    version: one.version,
    hiddenFields: viewer.maySeePersonal ? [] : hidden(one),
  }
}

const hidden = one => [
  ...(one.display_name != null ? ['displayName'] : []),
  ...(one.attributes.firstName != null ? ['firstName'] : []),
  ...(one.attributes.lastName != null ? ['lastName'] : []),
]

// Those that are still defined, the most urgent first.
export const labelsOf = one => (one.labels ?? [])
  .map(entry => held.labels.get(entry.label_id.toHexString()))
  .filter(label => label !== undefined)
  .sort((a, b) => b.priority - a.priority || compare(a.name, b.name))

export const customDataOf = (one, viewer) =>
  (one.custom_data ?? []).map(({ name, value }) => ({ name, value: personal(value, viewer) }))

export const asIdentity = ({ channel, account, value, claim }, viewer) =>
  ({ channel, account, value: personal(value, viewer), claim })

export const asPurchase = one => ({
  type: 'Purchase',
  number: one.number,
  placedAt: one.placed_at,
  status: one.status,
  total: one.total,
  lines: one.lines,
})

export const asTicket = (one, viewer) => ({
  type: 'Ticket',
  number: one.number,
  subject: personal(one.subject, viewer),
  status: one.status,
  createdAt: one.created_at,
  assignedAgent: agentOf(one.assigned_agent_id),
})

export const asInterest = ({ name, score }) => ({ type: 'Interest', name, score })

const asMessage = (one, viewer) => ({ type: 'Message', text: personal(one.text, viewer), direction: one.direction })

const asNote = (one, viewer) => ({ type: 'Note', text: personal(one.text, viewer) })

const ITEMS = { NOTE: asNote, MESSAGE: asMessage, TICKET: asTicket, PURCHASE: asPurchase, INTEREST: asInterest }

export const asEntry = (row, viewer) => ({
  // The gateway's cursors are encrypted; here a place is told openly, which costs less.
  cursor: cursorOf(row.order, row.kind, row.document._id),
  node: {
    at: row.order,
    kind: row.kind,
    channel: row.document.channel ?? null,
    item: ITEMS[row.kind](row.document, viewer),
  },
})

export const cursorOf = (order, kind, key) =>
  Buffer.from(`${order.getTime()}:${kind}:${key.toHexString()}`).toString('base64url')

export function listed (documents, first, shape) {
  const nodes = (documents.length > first ? documents.slice(0, first) : documents).map(shape)
  return { nodes, pageInfo: { hasNextPage: documents.length > first, hasPreviousPage: false, startCursor: null, endCursor: null } }
}

// The summary pivot: interests grouped by the database, and the facts that stand in the customer's own document.
export function summed (groups, customer, viewer, top) {
  const counts = new Map()
  const best = new Map()
  const add = (category, count, facts) => {
    counts.set(category, (counts.get(category) ?? 0) + count)
    best.set(category, [...(best.get(category) ?? []), ...facts])
  }
  for (const group of groups) {
    add(group._id, group.count, group.top.map(({ name, score, observed_at }) => ({ name, value: null, score, at: observed_at })))
  }
  for (const fact of factsIn(customer, viewer)) add(fact.category, 1, [fact])
  const categories = [...counts].sort((a, b) => b[1] - a[1] || compare(a[0], b[0])).map(([category, count]) => ({
    category,
    count,
    top: best.get(category).sort(byStrength).slice(0, top),
  }))
  return { factCount: categories.reduce((sum, one) => sum + one.count, 0), categories }
}

const byStrength = (a, b) => (b.score ?? 0) - (a.score ?? 0) || b.at - a.at

function factsIn (one, viewer) {
  const facts = []
  for (const { name, label, category, is_personal } of held.definitions) {
    const value = one.attributes[name]
    if (value === undefined) continue
    facts.push({ category, name: label, value: is_personal ? personal(value, viewer) : value, score: null, at: one.observed[name].observed_at })
  }
  for (const { type, value, observed_at } of one.contact_points ?? []) {
    facts.push({ category: 'Contact points', name: type[0] + type.slice(1).toLowerCase(), value: personal(value, viewer), score: null, at: observed_at })
  }
  for (const entry of one.labels ?? []) {
    const label = held.labels.get(entry.label_id.toHexString())
    if (label) facts.push({ category: 'Labels', name: label.name, value: null, score: null, at: entry.added_at })
  }
  for (const { word, added_at } of one.tags ?? []) facts.push({ category: 'Tags', name: word, value: null, score: null, at: added_at })
  for (const { name, value, added_at } of one.custom_data ?? []) {
    facts.push({ category: 'Custom data', name, value: personal(value, viewer), score: null, at: added_at })
  }
  return facts
}
