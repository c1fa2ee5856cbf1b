// GraphQL Code Generator with strict types: by the client preset, with its manifest of documents, as most programs use it now.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { generate } from "@graphql-codegen/cli";
import { check, done, equal } from "../clients/checking.mjs";

// All of them, so that a new one is typed here as well.
const scalars = {
  AttributeScalar: "string | number | boolean",
  BigInt: "number",
  CurrencyCode: "string",
  Date: "string",
  DateTime: "string",
  Decimal: "string",
  EmailAddress: "string",
  Url: "string",
  _Any: "unknown",
};

const config = { scalars, strictScalars: true, useTypeImports: true, defaultScalarType: "never" };
const presetConfig = { fragmentMasking: { unmaskFunctionName: "read" }, persistedDocuments: { hashAlgorithm: "sha256" } };

await check("types and documents by the client preset, and by the plugins", async () => {
  const files = await generate(
    {
      schema: ["./schema.graphql", "./federation.graphql"],
      documents: ["./documents/*.graphql"],
      silent: true,
      generates: {
        "./generated/": { preset: "client", presetConfig, config: { ...config, enumsAsTypes: true } },
        // The whole schema, as programs of before have it.
        "./generated/schema.ts": { plugins: ["typescript"], config },
        "./generated/operations.ts": { plugins: ["typescript-operations"], config },
      },
    },
    true,
  );
  equal(files.length > 2, true, "whether files are written");
});
await check("one document in the manifest for each operation", async () => {
  const manifest = JSON.parse(readFileSync("generated/persisted-documents.json", "utf8"));
  const texts = Object.values(manifest);
  const asked = readFileSync("documents/agents.graphql", "utf8") + readFileSync("documents/webchat.graphql", "utf8");
  equal(texts.length, asked.match(/^(query|mutation|subscription) /gm).length, "documents");
  mkdirSync("persisted", { recursive: true });
  writeFileSync("persisted/codegen.json", JSON.stringify(manifest));
});
done();
