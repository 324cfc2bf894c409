/** Every operation that the reader sends; `npm run codegen` types them and lists them by hash. */

import { graphql } from '../gql'

export const StoryFields = graphql(`
  fragment Story on Article {
    id
    path
    title
    excerpt(maxLength: 240)
    publishedDateTime
    type
    category
    provider { domain name }
    byline { provider }
    topics { slug name }
    image(width: 640) { url rawUrl width height title }
  }
`)

export const FrontPage = graphql(`
  query FrontPage {
    latest: articles(first: 9) {
      nodes { ...Story }
      pageInfo { hasNextPage endCursor }
      facets {
        topics(first: 12) { count topic { slug name } }
        providers(first: 8) { count provider { domain name } }
      }
    }
    hottest: articles(first: 5, orderBy: [{ field: HEAT }]) {
      nodes { id path title heat provider { name } byline { provider } }
    }
  }
`)

export const Feed = graphql(`
  query Feed($first: Int!, $after: String, $filter: ArticleFilter) {
    articles(first: $first, after: $after, filter: $filter) {
      nodes { ...Story }
      pageInfo { hasNextPage endCursor }
    }
  }
`)

export const TopicPage = graphql(`
  query TopicPage($slug: String!) {
    topic(slug: $slug) {
      slug
      name
      hashtags
      parent { slug name }
      children { slug name }
      coTopics(first: 6) { sharedCount topic { slug name } }
      articles(first: 1) {
        totalCount
        facets {
          providers(first: 6) { count provider { domain name } }
          histogram(unit: MONTH) { start count }
        }
      }
    }
  }
`)

export const ProviderPage = graphql(`
  query ProviderPage($domain: String!) {
    provider(domain: $domain) {
      domain
      name
      aliases
      description
      images { url rawUrl width height }
      articles(first: 1) {
        totalCount
        facets {
          topics(first: 8) { count topic { slug name } }
          histogram(unit: MONTH) { start count }
        }
      }
    }
  }
`)

export const TopicIndex = graphql(`
  query TopicIndex($after: String) {
    topics(first: 100, after: $after) {
      nodes {
        slug
        name
        parent { slug }
        articles(first: 1) { totalCount }
      }
      pageInfo { hasNextPage endCursor }
    }
  }
`)

export const ProviderIndex = graphql(`
  query ProviderIndex($after: String) {
    providers(first: 100, after: $after) {
      nodes {
        domain
        name
        description
        images(first: 1) { url rawUrl width height }
        articles(first: 1) { totalCount nodes { id path title } }
      }
      pageInfo { hasNextPage endCursor }
    }
  }
`)

export const SearchPage = graphql(`
  query SearchPage($words: String!, $first: Int!, $after: String, $filter: ArticleFilter) {
    articles(first: $first, after: $after, search: { query: $words }, filter: $filter) {
      totalCount
      edges {
        node { ...Story }
        highlights { field snippet ranges { start end } }
      }
      pageInfo { hasNextPage endCursor }
      facets {
        topics(first: 8) { count topic { slug name } }
        providers(first: 8) { count provider { domain name } }
      }
    }
  }
`)

export const ArticlePage = graphql(`
  query ArticlePage($path: String!) {
    article(by: { path: $path }) {
      ...Story
      standfirst: excerpt
      canonicalUrl
      body
      picture: image(width: 1200) { url rawUrl width height title attribution }
    }
  }
`)

export const PointFields = graphql(`
  fragment Point on ArticleSummary {
    __typename
    id
    title
    publishedDateTime
    webUrl
    provider { name }
    byline { provider }
    ... on Article { path }
  }
`)

export const Neighbours = graphql(`
  query Neighbours($id: ID!) {
    node(id: $id) {
      id
      ...Point
      ... on ArticleSummary {
        excerpt(maxLength: 240)
        related(first: 8) {
          ...Point
          ... on Article { related(first: 4) { ...Point } }
        }
        relatedBy(first: 8) { nodes { ...Point } }
      }
    }
  }
`)

export const Live = graphql(`
  subscription Live($since: String) {
    changes(since: $since, kinds: [ADDED, UPDATED, REMOVED]) {
      seq
      kind
      articleId
      article { ...Story }
    }
  }
`)
