// Apollo's own gateway: asked for what is theirs and ours, from either side, as whoever asks.
import { composeServices } from "@apollo/composition";
import { ApolloGateway, RemoteGraphQLDataSource } from "@apollo/gateway";
import { ApolloServer } from "@apollo/server";
import { startStandaloneServer } from "@apollo/server/standalone";
import { parse } from "graphql";
import { ask, check, customer, done, equal, partner, sdl, token, url, visitor } from "./checking.mjs";
import { reviews, served } from "./reviews.mjs";

// What they refer to: two customers, a ticket and a note of theirs, and something that is no customer.
const found = await ask(`{ customers(first: 100) { nodes { id displayName tickets(first: 1) { nodes { id number } } } } }`);
equal(found.errors, undefined, "the errors");
const other = found.data.customers.nodes.find((one) => one.id !== customer && one.tickets.nodes.length);
const ticket = other.tickets.nodes[0];
const noted = await ask(
  `mutation ($id: ID!) { addNote(input: { customerId: $id, text: "likes reviews" }) { ... on AddNotePayload { note { id } } } }`,
  { id: customer },
);
const note = noted.data.addNote.note;
const rows = [
  { stars: 5, customer: { id: customer }, note },
  { stars: 3, customer: { id: other.id }, ticket: { id: ticket.id } },
  { stars: 4, customer: { id: customer } },
];
const broken = [...rows, { stars: 1, customer: { id: "no customer" } }];

const sent = [];

/** Hands on who asks, and notes what is asked of us. */
class HandingOn extends RemoteGraphQLDataSource {
  willSendRequest({ request, context }) {
    if (context?.authorization) request.http.headers.set("authorization", context.authorization);
    if (this.url === url) sent.push(request);
  }
}

/** The address of a gateway over both subgraphs. */
async function gatewayOver(theirs) {
  const { errors, supergraphSdl } = composeServices([
    { name: "profiles", url, typeDefs: parse(await sdl()) },
    { name: "reviews", url: await served(theirs), typeDefs: reviews },
  ]);
  equal((errors ?? []).map((one) => one.message), [], "the errors");
  const gateway = new ApolloGateway({ supergraphSdl, buildService: (service) => new HandingOn(service) });
  const context = async ({ req }) => ({ authorization: req.headers.authorization });
  return (await startStandaloneServer(new ApolloServer({ gateway }), { listen: { port: 0 }, context })).url;
}

const at = await gatewayOver(rows);
const name = (await ask("query ($id: ID!) { customer(id: $id) { displayName } }", { id: customer })).data.customer.displayName;
const THEIRS = "{ reviews { stars customer { displayName } ticket { number } note { text } } }";

await check("from theirs to ours, each type in one load", async () => {
  sent.length = 0;
  equal((await ask(THEIRS, {}, { at })).data.reviews, [
    { stars: 5, customer: { displayName: name }, ticket: null, note: { text: "likes reviews" } },
    { stars: 3, customer: { displayName: other.displayName }, ticket: { number: ticket.number }, note: null },
    { stars: 4, customer: { displayName: name }, ticket: null, note: null },
  ]);
  equal(sent.map((one) => one.variables.representations.map((wanted) => wanted.__typename).join()).sort(), [
    "Customer,Customer,Customer",
    "Note",
    "Ticket",
  ]);
});
await check("from ours to theirs", async () => {
  const { data } = await ask("query ($id: ID!) { customer(id: $id) { displayName reviews { stars } } }", { id: customer }, { at });
  equal(data.customer, { displayName: name, reviews: [{ stars: 5 }, { stars: 4 }] });
});
await check("there and back", async () => {
  const query = "query ($id: ID!) { customer(id: $id) { reviews { customer { displayName } } } }";
  const { data } = await ask(query, { id: other.id }, { at });
  equal(data.customer.reviews, [{ customer: { displayName: other.displayName } }]);
});
await check("as whoever asks", async () => {
  for (const [who, role] of [[token, "AGENT"], [partner, "PARTNER"], [visitor, "VISITOR"]]) {
    equal((await ask("{ viewer { role } }", {}, { at, who })).data.viewer.role, role);
  }
  equal((await ask("{ viewer { role } }", {}, { at, who: null })).errors[0].extensions.code, "UNAUTHENTICATED");
});
// Where nothing is found the gateway has their reference left, and every field of ours is null.
await check("null for what a partner may not see", async () => {
  const { data, errors } = await ask(THEIRS, {}, { at, who: partner });
  equal(errors, undefined, "the errors");
  equal(data.reviews[0], { stars: 5, customer: { displayName: null }, ticket: null, note: { text: null } });
  equal(data.reviews[1].ticket, { number: ticket.number });
});
await check("null for what is not a visitor's", async () => {
  const { data } = await ask("{ reviews { customer { displayName } ticket { number } } }", {}, { at, who: visitor });
  equal(data.reviews.map((one) => one.customer?.displayName ?? null), [name, null, name]);
  equal(data.reviews[1].ticket, null);
});
await check("an error for what is none, and the others all the same", async () => {
  const { data, errors } = await ask(THEIRS, {}, { at: await gatewayOver(broken) });
  equal(data.reviews.map((one) => one.customer?.displayName ?? null), [name, other.displayName, name, null]);
  equal(errors.map((one) => one.extensions.code), ["BAD_USER_INPUT"]);
});
await check("a change, and its refusal", async () => {
  const query = `mutation ($id: ID!) { addNote(input: { customerId: $id, text: "by a gateway" }) {
    __typename ... on AddNotePayload { note { text } } ... on Refusal { code } } }`;
  equal((await ask(query, { id: customer }, { at })).data.addNote.note, { text: "by a gateway" });
  equal((await ask(query, { id: "junk" }, { at })).data.addNote, { __typename: "NotFound", code: "NOT_FOUND" });
});
done();
