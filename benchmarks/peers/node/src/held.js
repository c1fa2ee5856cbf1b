// Small, slowly changing records, held in the process. The gateway hears of changes through a change stream, within two
// seconds at most; these copies are as old at most, since they are read anew every two seconds.
import { database } from './database.js'

const REFRESH_MS = 2_000
const NAMES = ['agents', 'labels', 'attribute_definitions', 'channel_accounts']

export const held = {}

// The three that every base has, as the gateway's own code has them.
const SYSTEM = [
  { name: 'firstName', label: 'First name', category: 'Profile', order: 1, is_personal: true },
  { name: 'lastName', label: 'Last name', category: 'Profile', order: 2, is_personal: true },
  { name: 'phoneNumber', label: 'Phone number', category: 'Profile', order: 3, is_personal: true },
]

async function refresh () {
  const [agents, labels, definitions, accounts] = await Promise.all(
    NAMES.map(name => database.collection(name).find({}).toArray()))
  held.agents = byId(agents)
  held.labels = byId(labels)
  held.definitions = [...SYSTEM, ...definitions].sort((a, b) => a.order - b.order || compare(a.name, b.name))
  held.channels = new Set(accounts.map(one => one.channel))
}

export async function hold () {
  await refresh()
  setInterval(() => refresh().catch(error => { console.error(error) }), REFRESH_MS).unref()
}

// ObjectIds are compared by what they hold, so the map's keys are their hexadecimal texts.
const byId = documents => new Map(documents.map(one => [one._id.toHexString(), one]))

export const agentOf = key => key ? held.agents.get(key.toHexString()) ?? null : null

export const compare = (a, b) => a < b ? -1 : a > b ? 1 : 0
