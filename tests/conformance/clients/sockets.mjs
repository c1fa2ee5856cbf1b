// graphql-ws, the reference client of graphql-transport-ws.
import { createClient } from "graphql-ws";
import WebSocket from "ws";
import { ADD, CHANGED, ME, check, customer, done, equal, headers, note, socketUrl } from "./checking.mjs";

const connected = (more = {}) =>
  createClient({ url: socketUrl, webSocketImpl: WebSocket, connectionParams: headers, retryAttempts: 0, ...more });

const first = async (client, payload) => {
  for await (const result of client.iterate(payload)) return result;
};

await check("a query", async () => {
  const client = connected();
  equal((await first(client, { query: ME })).data.viewer.role, "AGENT");
  await client.dispose();
});
await check("a mutation", async () => {
  const client = connected();
  const result = await first(client, { query: ADD, variables: { id: customer, text: "by a socket" } });
  equal(result.data.addNote.note.text, "by a socket");
  await client.dispose();
});
await check("a subscription, with queries beside it", async () => {
  const client = connected({ keepAlive: 200 });
  const changes = client.iterate({ query: CHANGED, variables: { id: customer } });
  const coming = changes.next();
  await new Promise((later) => setTimeout(later, 500));
  equal((await first(client, { query: ME })).data.viewer.role, "AGENT");
  await note("followed by a socket");
  equal((await coming).value.data.customerChanged.kind, "NOTE");
  await changes.return();
  await client.dispose();
});
await check("an error of the question", async () => {
  const client = connected();
  const errors = await first(client, { query: "{ nothing }" }).then(() => null, (told) => told);
  equal(errors[0].extensions.code, "GRAPHQL_VALIDATION_FAILED");
  await client.dispose();
});
await check("nobody is closed out with 4403", async () => {
  const client = connected({ connectionParams: {} });
  const closed = await first(client, { query: ME }).then(() => null, (event) => event);
  equal(closed.code, 4403);
});
await check("the older protocol is closed out with 4406", async () => {
  const socket = new WebSocket(socketUrl, "graphql-ws");
  socket.on("error", () => {});
  equal(await new Promise((told) => socket.on("close", told)), 4406);
});
done();
