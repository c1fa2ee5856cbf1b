// Apollo Server 5 as its documentation starts it, with DataLoader.
import { ApolloServer } from '@apollo/server'
import { startStandaloneServer } from '@apollo/server/standalone'
import { Lists } from './src/lists.js'
import { resolvers } from './src/resolvers.js'
import { host, port, ready, typeDefs } from './src/serving.js'
import { viewerOf } from './src/viewer.js'

await ready()
const server = new ApolloServer({ typeDefs, resolvers })
await startStandaloneServer(server, {
  listen: { host, port },
  context: async ({ req }) => {
    const viewer = viewerOf(req.headers.authorization)
    return { viewer, lists: new Lists(viewer) }
  },
})
