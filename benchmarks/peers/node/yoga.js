// GraphQL Yoga 5 as its documentation starts it, with DataLoader.
import { createServer } from 'node:http'
import { createSchema, createYoga } from 'graphql-yoga'
import { Lists } from './src/lists.js'
import { resolvers } from './src/resolvers.js'
import { host, port, ready, typeDefs } from './src/serving.js'
import { viewerOf } from './src/viewer.js'

await ready()
const yoga = createYoga({
  schema: createSchema({ typeDefs, resolvers }),
  logging: false,
  graphiql: false,
  context: ({ request }) => {
    const viewer = viewerOf(request.headers.get('authorization'))
    return { viewer, lists: new Lists(viewer) }
  },
})
createServer(yoga).listen(port, host)
