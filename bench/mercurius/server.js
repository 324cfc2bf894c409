// The data file in, a Mercurius server with its JIT out: `node server.js DATA PORT`.
import { readFileSync } from 'node:fs'
import Fastify from 'fastify'
import mercurius from 'mercurius'

const [data, port] = process.argv.slice(2)
const { articles, topics } = JSON.parse(readFileSync(data))

const byUrl = new Map()
for (const article of articles) {
  for (const url of article.urls) byUrl.set(url, article)
  article.related = article.related.map((each) => (typeof each === 'number' ? articles[each] : each))
}
const newestOf = (numbers) => numbers.map((number) => articles[number])
const bySlug = new Map(Object.entries(topics).map(([slug, numbers]) => [slug, { articles: newestOf(numbers) }]))

// articles come newest first: the last one that is new enough is found by halving
function since (instant) {
  let low = 0
  let high = articles.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (articles[middle].publishedDateTime !== null && articles[middle].publishedDateTime >= instant) low = middle + 1
    else high = middle
  }
  return low
}

const schema = `
  scalar URL
  scalar DateTime
  type Image { url: URL! width: Int height: Int }
  type Provider { name: String! domain: String! }
  type Topic { name: String! articles(first: Int): Connection! }
  type Article {
    title: String! excerpt: String webUrl: URL publishedDateTime: DateTime topics: [Topic!]! provider: Provider!
    images: [Image!]! related: [Article!]!
  }
  type Connection { nodes: [Article!]! }
  input DateTimeFilter { gte: DateTime }
  input ArticleFilter { publishedDateTime: DateTimeFilter }
  input ArticleKey { url: URL }
  type Query {
    article(by: ArticleKey!): Article
    articles(first: Int, filter: ArticleFilter): Connection!
    topic(slug: String!): Topic
  }`

const resolvers = {
  Query: {
    article: (_, { by }) => byUrl.get(by.url) ?? null,
    articles: (_, { first, filter }) => ({ nodes: articles.slice(0, Math.min(first, since(filter.publishedDateTime.gte))) }),
    topic: (_, { slug }) => bySlug.get(slug) ?? null
  },
  Topic: { articles: (topic, { first }) => ({ nodes: topic.articles.slice(0, first) }) }
}

const app = Fastify()
app.register(mercurius, { schema, resolvers, jit: 1 })
await app.listen({ port: Number(port), host: '127.0.0.1' })
