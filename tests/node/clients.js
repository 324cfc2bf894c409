// Real clients against the server named on the command line; each prints what it received.
import { ApolloClient, gql, HttpLink, InMemoryCache } from "@apollo/client/core/index.js";
import { Client, fetchExchange } from "@urql/core";
import { createClient as createSse } from "graphql-sse";
import { createClient as createWs } from "graphql-ws";
import { WebSocket } from "ws";

const url = process.argv[2];
const counted = "subscription { count(to: 3) }";

async function all(client) {
  const received = [];
  for await (const { data } of client.iterate({ query: counted })) received.push(data.count);
  return received;
}

const ws = createWs({ url: url.replace("http", "ws"), webSocketImpl: WebSocket, retryAttempts: 0 });
console.log("graphql-ws", JSON.stringify(await all(ws)));

// A page of fifty components: a query from each at once, and a mutation, on one socket beside ten subscriptions.
const watching = Array.from({ length: 10 }, () => all(ws));
const queries = Array.from({ length: 50 }, async (_, n) => {
  const query = n % 10 ? "{ hello slow(seconds: 0.01) }" : "mutation { save }";
  for await (const { data } of ws.iterate({ query })) return Object.keys(data)[0];
});
const answered = await Promise.all(queries);
console.log("graphql-ws at once", answered.filter((each) => each === "hello").length, (await Promise.all(watching)).length);
await ws.dispose();

const sse = createSse({ url, retryAttempts: 0 });
console.log("graphql-sse", JSON.stringify(await all(sse)));
sse.dispose();

const apollo = new ApolloClient({ cache: new InMemoryCache(), link: new HttpLink({ uri: url }) });
console.log("apollo", (await apollo.query({ query: gql`{ hello }` })).data.hello);

const urql = new Client({ url, exchanges: [fetchExchange], preferGetMethod: false });
console.log("urql", (await urql.query("{ hello }", {}).toPromise()).data.hello);
