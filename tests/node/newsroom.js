// Four clients against a served newsroom, as their manuals have them: each asks for an article, then watches changes.
// Prints what each was answered, then "watching", then what each saw once something changed. The key may write.
import { createHash } from "node:crypto";
import { ApolloClient, ApolloLink, gql, HttpLink, InMemoryCache, split } from "@apollo/client/core/index.js";
import { createPersistedQueryLink } from "@apollo/client/link/persisted-queries/index.js";
import { GraphQLWsLink } from "@apollo/client/link/subscriptions/index.js";
import { getMainDefinition } from "@apollo/client/utilities/index.js";
import { Client, fetchExchange, subscriptionExchange } from "@urql/core";
import { createClient as createSse } from "graphql-sse";
import { createClient as createWs } from "graphql-ws";
import { WebSocket } from "ws";

const [url, path, key] = process.argv.slice(2);
const article = "query Article($path: String!) { article(by: { path: $path }) { title provider { name } } }";
const watch = "subscription Watch($since: String) { changes(since: $since) { kind article { title } } }";
const save = `mutation Save($path: String!, $text: String!) {
  saveArticle(input: { path: $path, text: $text }) { __typename ... on ArticleSaved { created } }
}`;
const variables = { path };

function tell(who, what) {
  console.log(`${who}: ${JSON.stringify(what)}`);
}

const socket = createWs({ url: url.replace("http", "ws"), webSocketImpl: WebSocket, retryAttempts: 0 });
const events = createSse({ url, retryAttempts: 0 });
const requests = [];
const counted = (uri, options) => {
  requests.push(options.method);
  return fetch(uri, options);
};
const http = createPersistedQueryLink({
  sha256: (text) => createHash("sha256").update(text).digest("hex"),
  useGETForHashedQueries: true,
}).concat(new HttpLink({ uri: url, fetch: counted, headers: { "x-api-key": key } }));
const isSubscription = ({ query }) => getMainDefinition(query).operation === "subscription";
const apollo = new ApolloClient({
  cache: new InMemoryCache(),
  link: ApolloLink.from([split(isSubscription, new GraphQLWsLink(socket), http)]),
});
const urql = new Client({ url, exchanges: [fetchExchange], preferGetMethod: true, fetchSubscriptions: true });
const forward = (request) => ({
  subscribe: (sink) => ({ unsubscribe: socket.subscribe({ ...request, query: request.query ?? "" }, sink) }),
});
const urqlOnSocket = new Client({
  url,
  exchanges: [subscriptionExchange({ forwardSubscription: forward })],
  preferGetMethod: false,
});

for (const [who, client] of [["graphql-ws", socket], ["graphql-sse", events]]) {
  for await (const { data } of client.iterate({ query: article, variables })) tell(who, data);
}
for (let turn = 0; turn < 2; turn++) {
  const { data } = await apollo.query({ query: gql(article), variables, fetchPolicy: "no-cache" });
  tell("apollo", { title: data.article.title, requests: requests.splice(0) });
}
const text = "---\ntitle: Saved\nprovider: {name: A, domain: a.example}\n---\n";
const saved = await apollo.mutate({ mutation: gql(save), variables: { path: "saved.md", text } });
tell("apollo", { created: saved.data.saveArticle.created });
tell("urql", (await urql.query(article, variables).toPromise()).data);

const { data: now } = await urql.query("{ changes { next hasMore } }", {}).toPromise();
const place = { since: now.changes.next };

const first = (subscribe) => new Promise((resolve, reject) => {
  const stop = subscribe((result) => {
    if (result.error ?? result.errors) reject(result.error ?? result.errors);
    else resolve(result.data.changes);
    setImmediate(() => stop());
  });
});
const iterated = async (client) => {
  for await (const { data } of client.iterate({ query: watch, variables: place })) return data.changes;
};
const observed = (source) => (next) => {
  const subscription = source.subscribe(next);
  return () => subscription.unsubscribe();
};
const seen = {
  "graphql-ws": iterated(socket),
  "graphql-sse": iterated(events),
  apollo: first(observed(apollo.subscribe({ query: gql(watch), variables: place }))),
  "urql over SSE": first(observed(urql.subscription(watch, place))),
  "urql over a socket": first(observed(urqlOnSocket.subscription(watch, place))),
};
console.log("watching");
for (const [who, change] of Object.entries(seen)) {
  const { kind, article } = await change;
  tell(who, { kind, title: article.title });
}
events.dispose();
await socket.dispose();
process.exit(0);
