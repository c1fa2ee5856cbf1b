// graphql-inspector: the committed schema breaks nobody who asks by the one that was released last.
import { readFileSync } from "node:fs";
import { CriticalityLevel, diff } from "@graphql-inspector/core";
import { buildSchema } from "graphql";
import { check, done, equal } from "./checking.mjs";

const schema = (path) => buildSchema(readFileSync(path, "utf8"), { assumeValidSDL: true });
await check("nothing is broken since the release", async () => {
  const changes = await diff(schema(process.env.SCHEMA_RELEASED), schema(process.env.SCHEMA_NOW));
  const broken = changes.filter((one) => one.criticality.level === CriticalityLevel.Breaking);
  equal(broken.map((one) => one.message), [], "what is broken");
});
done();
