// What every script here begins with: where the gateway is, who asks, and how it is told what passed.
export const url = process.env.GATEWAY_URL;
export const token = process.env.GATEWAY_TOKEN;
export const customer = process.env.GATEWAY_CUSTOMER;
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

/** Adds a note, as another client would. */
export async function note(text) {
  const body = JSON.stringify({ query: ADD, variables: { id: customer, text } });
  const response = await fetch(url, { method: "POST", headers: { ...headers, "content-type": "application/json" }, body });
  const { data } = await response.json();
  equal(data.addNote.__typename, "AddNotePayload");
}

export function done() {
  process.exit(failed ? 1 : 0);
}
