// graphql-sse, in its "distinct connections" mode.
import { createClient } from "graphql-sse";
import { ADD, CHANGED, ME, check, customer, done, equal, headers, note, url } from "./checking.mjs";

const client = createClient({ url, headers, retryAttempts: 0 });
const first = async (payload) => {
  for await (const result of client.iterate(payload)) return result;
};

await check("a query", async () => equal((await first({ query: ME })).data.viewer.role, "AGENT"));
await check("a mutation", async () => {
  const result = await first({ query: ADD, variables: { id: customer, text: "by events" } });
  equal(result.data.addNote.note.text, "by events");
});
await check("a subscription", async () => {
  const changes = client.iterate({ query: CHANGED, variables: { id: customer } });
  const coming = changes.next();
  await new Promise((later) => setTimeout(later, 500));
  await note("followed by events");
  equal((await coming).value.data.customerChanged.kind, "NOTE");
  await changes.return();
});
await check("an error of the question", async () => {
  equal((await first({ query: "{ nothing }" })).errors[0].extensions.code, "GRAPHQL_VALIDATION_FAILED");
});
done();
