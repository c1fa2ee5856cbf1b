// A subgraph of somebody else's: reviews of customers, some of which are about a ticket, or about what an agent noted.
import { createServer } from "node:http";
import { buildSubgraphSchema } from "@apollo/subgraph";
import { parse } from "graphql";
import { createHandler } from "graphql-http/lib/use/http";

export const reviews = parse(`
  extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key"])
  type Query { reviews: [Review!]! }
  type Review { stars: Int! customer: Customer ticket: Ticket note: Note }
  type Customer @key(fields: "id") { id: ID! reviews: [Review!]! }
  type Ticket @key(fields: "id", resolvable: false) { id: ID! }
  type Note @key(fields: "id", resolvable: false) { id: ID! }
`);

/** Serves these reviews; answers the address. */
export async function served(rows) {
  const resolvers = {
    Query: { reviews: () => rows },
    Customer: {
      __resolveReference: ({ id }) => ({ id }),
      reviews: ({ id }) => rows.filter((one) => one.customer?.id === id),
    },
  };
  const schema = buildSubgraphSchema({ typeDefs: reviews, resolvers });
  const server = createServer(createHandler({ schema }));
  await new Promise((ready) => server.listen(0, "127.0.0.1", ready));
  return `http://127.0.0.1:${server.address().port}/`;
}
