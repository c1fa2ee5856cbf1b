// The compiled programs, on Relay's runtime and by generated types, ask the documents that `documents add` took, by name.
import { writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { check, customer, done, equal, headers, note, url } from "../clients/checking.mjs";

writeFileSync("out/package.json", '{ "type": "commonjs" }');
const require = createRequire(import.meta.url);
const { Program } = require("./out/relay/program.js");
const typed = require("./out/program.js");
const gateway = { url, headers };
// By these Relay says that a server breaks its rules, as two things of one id.
const warned = [];
console.warn = console.error = (...words) => warned.push(words.join(" "));

await check("Relay: pages go into one list", async () => {
  equal(await new Program(gateway).pages(), [2, 5]);
});
await check("Relay: a fragment with @defer comes later, whole", async () => {
  await note("to be read later");
  const { notes, answers } = await new Program(gateway).later(customer);
  equal(notes > 0, true, `whether ${notes} notes are there`);
  equal(answers, 2, "answers");
});
await check("Relay: a fragment is fetched anew by `node`", async () => {
  equal(await new Program(gateway).refetched(customer), "Customer");
});
await check("Relay: things by their ids, null for what is not there", async () => {
  equal(await new Program(gateway).many([customer, "none", customer]), ["Customer", null, "Customer"]);
});
await check("Relay: what a mutation adds goes into the list", async () => {
  const program = new Program(gateway);
  const { notes } = await program.later(customer);
  equal(await program.add(customer, "by Relay", [program.listOfNotes(customer)]), "by Relay");
  const { edges } = program.notes(customer).notes;
  equal([edges.length, edges[0].node.text], [notes + 1, "by Relay"]);
});
await check("Relay: a refusal is data", async () => {
  equal(await new Program(gateway).add(customer, "", []), "INVALID_INPUT");
});
await check("Relay: a subscription", async () => {
  const { kind, end } = new Program(gateway).next(customer);
  kind.catch(() => {}); // told where it is awaited
  await new Promise((later) => setTimeout(later, 500));
  await note("followed by Relay");
  equal(await kind, "NOTE");
  end();
});
await check("Relay: it warns of nothing", async () => {
  equal(warned, [], "what Relay says");
});
await check("generated types: a list with a filter", async () => {
  const rows = await typed.inbox(gateway, { first: 3, filter: { onChannels: ["shop"] } });
  equal(rows.length, 3, "rows");
});
await check("generated types: a mutation, and its refusals", async () => {
  equal(await typed.addNote(gateway, customer, "by types"), "by types");
  equal(await typed.addNote(gateway, customer, ""), "INVALID_INPUT input.text");
  equal(await typed.editStale(gateway, customer), "StaleVersion");
});
done();
