// The same database as the gateway's, over the same socket, with the official driver.
import { MongoClient } from 'mongodb'

export const client = new MongoClient(process.env.MONGODB_URL, { appName: process.env.PEER ?? 'peer' })
export const database = client.db(process.env.GATEWAY_DATABASE)

// As the gateway's own: a load that takes longer holds up more than itself.
const maxTimeMS = 10_000

export const aggregate = (collection, pipeline) =>
  collection.aggregate(pipeline, { maxTimeMS, batchSize: 1_000_000 }).toArray()
