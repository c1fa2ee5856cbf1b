// Both compositions take the subgraph, beside one that says more of a customer, and whichever way it says who may ask.
import { readFileSync } from "node:fs";
import { composeServices as byApollo } from "@apollo/composition";
import { composeServices as byGuild } from "@theguild/federation-composition";
import { parse } from "graphql";
import { check, done, equal, sdl } from "./checking.mjs";
import { reviews } from "./reviews.mjs";

const texts = { told: await sdl(), enforced: readFileSync(process.env.SCHEMA_ENFORCED, "utf8") };
for (const [rights, text] of Object.entries(texts)) {
  const services = [
    { name: "profiles", url: "http://127.0.0.1/profiles", typeDefs: parse(text) },
    { name: "reviews", url: "http://127.0.0.1/reviews", typeDefs: reviews },
  ];
  for (const [name, compose] of Object.entries({ Apollo: byApollo, "the Guild": byGuild })) {
    await check(`composed by ${name}, rights ${rights}`, async () => {
      const { errors, supergraphSdl } = compose(services);
      equal((errors ?? []).map((one) => one.message), [], "the errors");
      equal(/type Customer[^{]*\{[^}]*reviews/s.test(supergraphSdl), true, "reviews on Customer");
      equal(text.includes('@policy(policies: [["role:'), true, "rights in the subgraph");
      // Only Federation's own come through: routers then see to them.
      equal(/type Access\b[^{]*@policy\(policies: \[\["role:administrator"\]\]\)/.test(supergraphSdl), rights === "enforced");
      equal(/type Customer\b[^{]*@authenticated/.test(supergraphSdl), rights === "enforced");
    });
  }
}
done();
