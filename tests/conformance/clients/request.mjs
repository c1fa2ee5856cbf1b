// graphql-request, the smallest of them.
import { GraphQLClient } from "graphql-request";
import { ADD, ME, check, customer, done, equal, headers, url } from "./checking.mjs";

const client = new GraphQLClient(url, { headers });
await check("a query", async () => equal((await client.request(ME)).viewer.role, "AGENT"));
await check("a query by GET", async () => {
  equal((await new GraphQLClient(url, { headers, method: "GET" }).request(ME)).viewer.role, "AGENT");
});
await check("a mutation", async () => {
  equal((await client.request(ADD, { id: customer, text: "by request" })).addNote.note.text, "by request");
});
await check("an error of a field", async () => {
  const lenient = new GraphQLClient(url, { headers, errorPolicy: "all" });
  const { data, errors } = await lenient.rawRequest('{ viewer { role } customer(id: "x") { id } }');
  equal([data.viewer.role, errors[0].extensions.code], ["AGENT", "BAD_USER_INPUT"]);
});
await check("an error of the question", async () => {
  const error = await client.request("{ nothing }").then(() => null, (told) => told);
  equal(error.response.errors[0].extensions.code, "GRAPHQL_VALIDATION_FAILED");
});
done();
