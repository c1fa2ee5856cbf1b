// Apollo Client 4: queries, mutations, both drafts of incremental delivery, persisted queries, subscriptions.
import { createHash } from "node:crypto";
import { ApolloClient, ApolloLink, HttpLink, InMemoryCache, gql } from "@apollo/client";
import { Defer20220824Handler, GraphQL17Alpha9Handler } from "@apollo/client/incremental";
import { PersistedQueryLink } from "@apollo/client/link/persisted-queries";
import { GraphQLWsLink } from "@apollo/client/link/subscriptions";
import { createClient } from "graphql-ws";
import WebSocket from "ws";
import { ADD, CHANGED, ME, PARTS, check, customer, done, equal, headers, note, socketUrl, url } from "./checking.mjs";

const http = (more = {}) => new HttpLink({ uri: url, headers, ...more });
const asking = (link, more = {}) => new ApolloClient({ cache: new InMemoryCache(), link, ...more });

await check("a query, twice from the cache", async () => {
  const client = asking(http());
  for (let n = 0; n < 2; n += 1) equal((await client.query({ query: gql(ME) })).data.viewer.role, "AGENT");
});
await check("a mutation", async () => {
  const variables = { id: customer, text: "by Apollo" };
  const { data } = await asking(http()).mutate({ mutation: gql(ADD), variables });
  equal(data.addNote.note.text, "by Apollo");
});
for (const [draft, Handler] of Object.entries({ 20220824: Defer20220824Handler, "v0.2": GraphQL17Alpha9Handler })) {
  await check(`@defer as ${draft}`, async () => {
    let parts = 0;
    const watched = async (...asked) => {
      const response = await fetch(...asked);
      if (response.headers.get("content-type").includes(draft)) parts += 1;
      return response;
    };
    const client = asking(http({ fetch: watched }), { incrementalHandler: new Handler() });
    const query = gql(PARTS);
    const states = [];
    await new Promise((ready, failed) => {
      client.watchQuery({ query, variables: { id: customer } }).subscribe({
        next: ({ data, dataState, error }) => {
          if (error) failed(error);
          states.push(dataState);
          if (dataState === "complete") ready(data);
        },
        error: failed,
      });
    });
    equal(parts, 1, "answers in parts");
    equal(states.includes("streaming"), true, `states ${states}`);
  });
}
await check("persisted queries, by POST and by GET", async () => {
  const sha256 = async (text) => createHash("sha256").update(text).digest("hex");
  for (const useGETForHashedQueries of [false, true]) {
    const sent = [];
    const watched = (to, init) => {
      sent.push(String(init?.body ?? to).includes("query"));
      return fetch(to, init);
    };
    const link = ApolloLink.from([new PersistedQueryLink({ sha256, useGETForHashedQueries }), http({ fetch: watched })]);
    const client = asking(link);
    const query = gql(`query By${useGETForHashedQueries ? "Get" : "Post"} { viewer { subject } }`);
    for (let n = 0; n < 2; n += 1) await client.query({ query, fetchPolicy: "no-cache" });
    equal(sent.length, 3, "requests");
  }
});
async function follows(client, text) {
  const coming = new Promise((ready, failed) => {
    client.subscribe({ query: gql(CHANGED), variables: { id: customer } }).subscribe({ next: ready, error: failed });
  });
  await new Promise((later) => setTimeout(later, 500));
  await note(text);
  const { data, error } = await coming;
  equal(error, undefined, "the error");
  equal(data.customerChanged.kind, "NOTE");
}
await check("a subscription", async () => {
  const socket = createClient({ url: socketUrl, webSocketImpl: WebSocket, connectionParams: headers });
  await follows(asking(new GraphQLWsLink(socket)), "followed by Apollo");
  await socket.dispose();
});
await check("a subscription over HTTP, in parts", async () => {
  const client = asking(http());
  await follows(client, "followed by Apollo over HTTP");
  client.stop();
});
await check("a subscription that may not be, over HTTP", async () => {
  const query = gql('subscription Wrong { customerChanged(id: "x") { kind } }');
  const { error } = await new Promise((ready, failed) => {
    asking(http()).subscribe({ query, errorPolicy: "all" }).subscribe({ next: ready, error: failed });
  });
  equal(error.errors[0].extensions.code, "BAD_USER_INPUT");
});
await check("what a question would cost", async () => {
  const link = http({ uri: `${url}/cost` });
  const query = gql(ME);
  const told = await new Promise((next, error) => ApolloLink.execute(link, { query }, { client: asking(link) }).subscribe({ next, error }));
  equal(told.extensions.cost.asked, 1);
});
await check("an error of a field", async () => {
  const query = gql('query Wrong { customer(id: "x") { id } }');
  const { error } = await asking(http()).query({ query, errorPolicy: "all" });
  equal(error.errors[0].extensions.code, "BAD_USER_INPUT");
});
done();
