// Mercurius with its JIT, in three ways of batching: its own loaders, DataLoader, DataLoader with the fused command.
import { makeExecutableSchema } from '@graphql-tools/schema'
import Fastify from 'fastify'
import mercurius from 'mercurius'
import { FusedLists, Lists } from './src/lists.js'
import * as loads from './src/loads.js'
import { LISTS, resolvers, withoutLists } from './src/resolvers.js'
import { host, port, ready, typeDefs } from './src/serving.js'
import { viewerOf } from './src/viewer.js'

const ways = {
  loaders: { resolvers: withoutLists, loaders: ownLoaders(), context: viewer => ({ viewer }) },
  dataloader: { resolvers, context: viewer => ({ viewer, lists: new Lists(viewer) }) },
  fused: { resolvers, context: viewer => ({ viewer, lists: new FusedLists(viewer) }) },
}
const way = ways[process.env.WAY]

await ready()
const app = Fastify()
await app.register(mercurius, {
  schema: makeExecutableSchema({ typeDefs, resolvers: way.resolvers }),
  loaders: way.loaders,
  jit: 1,
  context: request => way.context(viewerOf(request.headers.authorization)),
})
await app.listen({ host, port })

// A loader's queries all come from one field; where arguments differ, as under aliases, each sort is one command.
// Without its cache, whose key would be the customer's whole document written as text.
function ownLoaders () {
  const entries = Object.entries(LISTS).map(([field, asked]) => [
    field,
    { loader: (queries, { viewer }) => batch(queries, asked, viewer), opts: { cache: false } },
  ])
  return { Customer: Object.fromEntries(entries) }
}

async function batch (queries, asked, viewer) {
  const sorts = new Map()
  for (const { obj, params } of queries) {
    const [name, size] = asked(params)
    if (!sorts.has(size)) sorts.set(size, { load: loads[name](size), keys: new Map() })
    sorts.get(size).keys.set(obj.key.toHexString(), obj.key)
  }
  await Promise.all([...sorts.values()].map(async sort => {
    sort.found = await loads.loaded([sort.load], [...sort.keys.values()])
  }))
  return queries.map(({ obj, params }) => {
    const { load, found } = sorts.get(asked(params)[1])
    return load.read(found.get(obj.key.toHexString())[0], viewer, obj.document)
  })
}
