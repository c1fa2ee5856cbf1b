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

await check("types and documents by the client preset", async () => {
  const files = await generate(
    {
      schema: ["./schema.graphql", "./federation.graphql"],
      documents: ["./documents/*.graphql"],
      silent: true,
      generates: {
        "./generated/": {
          preset: "client",
          presetConfig: { fragmentMasking: { unmaskFunctionName: "read" }, persistedDocuments: { hashAlgorithm: "sha256" } },
          config: { scalars, strictScalars: true, enumsAsTypes: true, useTypeImports: true, defaultScalarType: "never" },
        },
      },
    },
    true,
  );
  equal(files.length > 0, true, "whether files are written");
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
