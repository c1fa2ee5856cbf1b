// What every script here begins with: where the gateway is, who asks, and how it is told what passed.
export const url = process.env.GATEWAY_URL;
export const token = process.env.GATEWAY_TOKEN;
export const partner = process.env.GATEWAY_PARTNER;
export const customer = process.env.GATEWAY_CUSTOMER;
/** The token of a visitor who is that customer. */
export const visitor = process.env.GATEWAY_VISITOR;
export const headers = { authorization: `Bearer ${token}` };
export const socketUrl = url.replace(/^http/, "ws");

export const ME = "query Me { viewer { subject role } }";
export const ADD = `mutation Add($id: ID!, $text: String!) {
  addNote(input: { customerId: $id, text: $text }) { __typename ... on AddNotePayload { note { id text } } } }`;
export const CHANGED = `subscription Changed($id: ID!) { customerChanged(id: $id) { kind how changedId resumeAt } }`;
export const PARTS = `query Parts($id: ID!) { customer(id: $id) { id ...Later @defer(label: "Later") } }
  fragment Later on Customer { displayName notes(first: 2) { nodes { id text } } }`;

let failed = 0;

/** Runs one check, and tells how it went. */
export async function check(name, work) {
  try {
    await Promise.race([work(), new Promise((_, no) => setTimeout(no, 20_000, new Error("no answer in 20 s")))]);
    console.log(`  ok    ${name}`);
  } catch (error) {
    failed += 1;
    console.log(`  FAIL  ${name}: ${error?.stack?.split("\n").slice(0, 3).join(" ") ?? error}`);
  }
}

export function equal(found, wanted, what = "the answer") {
  const [one, other] = [JSON.stringify(found), JSON.stringify(wanted)];
  if (one !== other) throw new Error(`${what} is ${one}, and not ${other}`);
}

/** What a plain POST is answered; `at`: by another address than the gateway's, `who`: by whose token, null for none. */
export async function ask(query, variables = {}, { at = url, who = token } = {}) {
  const sent = { "content-type": "application/json", ...(who ? { authorization: `Bearer ${who}` } : {}) };
  const response = await fetch(at, { method: "POST", headers: sent, body: JSON.stringify({ query, variables }) });
  return response.json();
}

/** The subgraph, as a router asks for it. */
export async function sdl() {
  const { data, errors } = await ask("{ _service { sdl } }");
  equal(errors, undefined, "the errors");
  return data._service.sdl;
}

/** Adds a note, as another client would. */
export async function note(text) {
  equal((await ask(ADD, { id: customer, text })).data.addNote.__typename, "AddNotePayload");
}

export function done() {
  process.exit(failed ? 1 : 0);
}
