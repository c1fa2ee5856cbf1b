// Both compositions take the subgraph, beside one that says more of a customer.
import { composeServices as byApollo } from "@apollo/composition";
import { composeServices as byGuild } from "@theguild/federation-composition";
import { parse } from "graphql";
import { check, done, equal, headers, url } from "./checking.mjs";

const body = JSON.stringify({ query: "{ _service { sdl } }" });
const response = await fetch(url, { method: "POST", headers: { ...headers, "content-type": "application/json" }, body });
const { sdl } = (await response.json()).data._service;
const reviews = `
  extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key"])
  type Review { stars: Int! text: String }
  type Customer @key(fields: "id") { id: ID! reviews: [Review!]! }
`;
const services = [
  { name: "profiles", url: "http://127.0.0.1/profiles", typeDefs: parse(sdl) },
  { name: "reviews", url: "http://127.0.0.1/reviews", typeDefs: parse(reviews) },
];
for (const [name, compose] of Object.entries({ Apollo: byApollo, "the Guild": byGuild })) {
  await check(`composed by ${name}`, async () => {
    const { errors, supergraphSdl } = compose(services);
    equal((errors ?? []).map((one) => one.message), [], "the errors");
    equal(/type Customer[^{]*\{[^}]*reviews/s.test(supergraphSdl), true, "reviews on Customer");
  });
}
done();
