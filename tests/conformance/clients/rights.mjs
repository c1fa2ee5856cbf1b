// A router of the Guild's sees to what the subgraph says of rights, where that is told with Federation's own directives.
import { readFileSync } from "node:fs";
import { createGatewayRuntime } from "@graphql-hive/gateway-runtime";
import { composeServices } from "@theguild/federation-composition";
import { parse } from "graphql";
import { check, customer, done, equal, partner, token, url, visitor } from "./checking.mjs";

const typeDefs = parse(readFileSync(process.env.SCHEMA_ENFORCED, "utf8"));
const { supergraphSdl } = composeServices([{ name: "profiles", url, typeDefs }]);
let asked = 0;
const router = createGatewayRuntime({
  supergraph: supergraphSdl,
  logging: false,
  propagateHeaders: { fromClientToSubgraphs: ({ request }) => ({ authorization: request.headers.get("authorization") }) },
  genericAuth: {
    mode: "protect-granular",
    // What a token claims; whether it is a good one is a router's to verify in earnest, and here the gateway's alone.
    resolveUserFn: ({ request }) => {
      const [, claims] = request.headers.get("authorization")?.split(".") ?? [];
      return claims ? JSON.parse(Buffer.from(claims, "base64url")) : null;
    },
    rejectUnauthenticated: false,
    extractPolicies: ({ role }) => [`role:${role}`],
  },
  plugins: () => [{ onFetch: () => void (asked += 1) }],
});

/** What a router answers, and how often it asked the gateway for it. */
async function answered(query, who) {
  asked = 0;
  const headers = { "content-type": "application/json", ...(who ? { authorization: `Bearer ${who}` } : {}) };
  const response = await router.fetch("http://router/graphql", { method: "POST", headers, body: JSON.stringify({ query }) });
  const { data, errors } = await response.json();
  return { data, refused: (errors ?? []).map((one) => `${one.extensions?.code} ${one.path}`), asked };
}

const NOTED = `{ customer(id: "${customer}") { id notes(first: 1) { nodes { __typename } } } }`;
await check("what is everybody's who has signed in", async () => {
  equal((await answered("{ viewer { role } }", visitor)).data, { viewer: { role: "VISITOR" } });
  const { refused, asked: times } = await answered("{ viewer { role } }", null);
  equal([refused, times], [["UNAUTHORIZED_FIELD_OR_TYPE viewer"], 0]);
});
await check("what is open to strangers", async () => {
  equal((await answered('{ chatSite(account: "none") { greeting } }', null)).refused, []);
});
await check("what is some roles' alone", async () => {
  const staff = await answered(NOTED, token);
  equal([staff.refused, staff.data.customer.notes.nodes.length], [[], 1]);
  for (const who of [partner, visitor]) {
    const { data, refused } = await answered(NOTED, who);
    equal([data.customer, refused], [{ id: customer, notes: null }, ["UNAUTHORIZED_FIELD_OR_TYPE customer,notes"]]);
  }
  equal((await answered("{ accesses { totalCount } }", token)).refused, ["UNAUTHORIZED_FIELD_OR_TYPE accesses"]);
});
done();
