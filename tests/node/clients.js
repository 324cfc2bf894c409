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
await ws.dispose();

const sse = createSse({ url, retryAttempts: 0 });
console.log("graphql-sse", JSON.stringify(await all(sse)));
sse.dispose();

const apollo = new ApolloClient({ cache: new InMemoryCache(), link: new HttpLink({ uri: url }) });
console.log("apollo", (await apollo.query({ query: gql`{ hello }` })).data.hello);

const urql = new Client({ url, exchanges: [fetchExchange], preferGetMethod: false });
console.log("urql", (await urql.query("{ hello }", {}).toPromise()).data.hello);
