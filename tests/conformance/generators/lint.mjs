// graphql-eslint over the schema and over the documents of clients: what it finds is mended, or excused in excuses.mjs.
import graphql from "@graphql-eslint/eslint-plugin";
import { ESLint } from "eslint";
import { check, done, equal } from "../clients/checking.mjs";
import { excuses } from "./excuses.mjs";

const rules = (...names) => Object.assign({}, ...names.map((name) => graphql.configs[`flat/${name}`].rules));
const graphQLConfig = { schema: ["./schema.graphql", "./federation.graphql"], documents: "./documents/*.graphql" };
const over = (files, told) => ({
  files,
  languageOptions: { parser: graphql.parser, parserOptions: { graphQLConfig } },
  plugins: { "@graphql-eslint": graphql },
  rules: told,
});
const eslint = new ESLint({
  overrideConfigFile: true,
  overrideConfig: [
    over(["schema.graphql"], rules("schema-recommended", "schema-relay")),
    over(["documents/*.graphql"], rules("operations-recommended")),
  ],
});

const findings = (await eslint.lintFiles(["schema.graphql", "documents"])).flatMap(({ source, messages }) =>
  messages.map(({ ruleId, line, message }) => ({
    rule: ruleId?.replace("@graphql-eslint/", "") ?? "",
    where: source.split("\n")[line - 1]?.trim() ?? "",
    message,
  })),
);
const excused = (one) => excuses.filter(({ rule, where }) => rule === one.rule && where.test(one.where));
const told = ({ rule, where, message }) => `${rule}: ${where}: ${message.replace(/\s+/g, " ")}`;

await check("no finding without an excuse", async () => {
  equal(findings.filter((one) => !excused(one).length).map(told), [], "what graphql-eslint finds");
});
await check("no excuse without a finding", async () => {
  const used = new Set(findings.flatMap(excused));
  equal(excuses.filter((one) => !used.has(one)).map(({ rule, where }) => `${rule}: ${where}`), [], "what nobody finds");
});
console.log(`        ${findings.length} findings, ${excuses.length} reasons`);
done();
