// urql 6: queries, mutations, incremental delivery, persisted queries, and subscriptions over events.
import { Client, fetchExchange } from "@urql/core";
import { persistedExchange } from "@urql/exchange-persisted";
import { ADD, CHANGED, ME, PARTS, check, customer, done, equal, headers, note, url } from "./checking.mjs";

const asking = (more = {}) =>
  new Client({
    url,
    exchanges: [fetchExchange],
    fetchOptions: { headers },
    requestPolicy: "network-only",
    preferGetMethod: false,
    ...more,
  });

await check("a query", async () => equal((await asking().query(ME, {}).toPromise()).data.viewer.role, "AGENT"));
await check("a query by GET", async () => {
  equal((await asking({ preferGetMethod: "force" }).query(ME, {}).toPromise()).data.viewer.role, "AGENT");
});
await check("a mutation", async () => {
  const { data } = await asking().mutation(ADD, { id: customer, text: "by urql" }).toPromise();
  equal(data.addNote.note.text, "by urql");
});
await check("@defer", async () => {
  const seen = [];
  await new Promise((ready) => {
    asking().query(PARTS, { id: customer }).subscribe((result) => {
      if (result.error) throw result.error;
      seen.push(result.data.customer.displayName);
      if (!result.hasNext) ready();
    });
  });
  equal(seen[0], undefined, "the first part");
  equal(typeof seen.at(-1), "string", "the last part");
});
await check("persisted queries", async () => {
  const client = asking({ exchanges: [persistedExchange({ preferGetForPersistedQueries: false }), fetchExchange] });
  for (let n = 0; n < 2; n += 1) {
    const { data, error } = await client.query("query Hashed { viewer { subject } }", {}).toPromise();
    if (error) throw error;
    equal(typeof data.viewer.subject, "string");
  }
});
await check("what a question would cost", async () => {
  const { error, extensions } = await asking({ url: `${url}/cost` }).query(ME, {}).toPromise();
  if (error) throw error;
  equal(extensions.cost.asked, 1);
});
await check("an error of a field", async () => {
  const { data, error } = await asking().query('{ viewer { role } customer(id: "x") { id } }', {}).toPromise();
  equal(error.response.status, 294, "the status");
  equal([data.viewer.role, data.customer, error.graphQLErrors[0].extensions.code], ["AGENT", null, "BAD_USER_INPUT"]);
});
await check("a subscription", async () => {
  const client = asking({ fetchSubscriptions: true });
  const coming = new Promise((ready) => {
    client.subscription(CHANGED, { id: customer }).subscribe(ready);
  });
  await new Promise((later) => setTimeout(later, 500));
  await note("followed by urql");
  equal((await coming).data.customerChanged.kind, "NOTE");
});
done();
