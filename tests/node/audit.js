// The audits of graphql-http against the server named on the command line: one line for each that does not pass.
import { serverAudits } from "graphql-http";

const results = await Promise.all(serverAudits({ url: process.argv[2], fetchFn: fetch }).map(({ fn }) => fn()));
for (const { id, name, status, reason } of results) {
  if (status !== "ok") console.log(`${status} ${id} ${name}: ${reason}`);
}
console.log(`${results.filter(({ status }) => status === "ok").length} of ${results.length}`);
