// graphql-http's own audit of servers: every MUST, SHOULD and MAY of GraphQL over HTTP.
import { auditServer } from "graphql-http";
import { check, done, headers, url } from "./checking.mjs";

const fetchFn = (to, init = {}) => fetch(to, { ...init, headers: { ...headers, ...init.headers } });
for (const result of await auditServer({ url, fetchFn })) {
  await check(result.name, () => {
    if (result.status !== "ok") throw new Error(result.reason);
  });
}
done();
