// How a server begins and ends: the same for all.
import { readFileSync } from 'node:fs'
import { client } from './database.js'
import { hold } from './held.js'

export const typeDefs = readFileSync(new URL('../schema.graphql', import.meta.url), 'utf8')
export const port = Number(process.env.PORT)
export const host = '127.0.0.1'

export async function ready () {
  await client.connect()
  await hold()
}

for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => process.exit(0))
// Whoever started it is gone when this ends, even killed.
process.stdin.on('end', () => process.exit(0)).resume()
