/** Ten operations that run on any store: what a newcomer finds in the playground's tabs. */

export interface Example {
  query: string
  variables?: string
}

export const EXAMPLES: Example[] = [
  {
    query: `# The newest articles, each with its picture, and where it leads.
query FrontPage {
  articles(first: 5) {
    nodes {
      title
      publishedDateTime
      provider { name domain }
      image(width: 640) { url }
      related(first: 3) { __typename title provider { name } }
    }
  }
}
`,
  },
  {
    query: `# Words, "phrases", -not, prefix*: with offsets of what matched.
query Search($words: String!) {
  articles(first: 5, search: { query: $words }) {
    totalCount
    edges {
      score
      node { title }
      highlights { field snippet ranges { start end } }
    }
  }
}
`,
    variables: '{ "words": "the" }',
  },
  {
    query: `# Counts beside a page, under the same filter.
query Facets {
  articles(first: 1, filter: { type: { eq: "article" } }) {
    totalCount
    facets {
      providers(first: 5) { provider { name } count }
      topics(first: 5) { topic { name } count }
      types { value count }
      histogram(unit: MONTH) { start count }
    }
  }
}
`,
  },
  {
    query: `# Topics, their tree, and what they share articles with.
query Topics {
  topics(first: 10) {
    totalCount
    nodes {
      name
      parent { name }
      children { name }
      coTopics(first: 3) { topic { name } sharedCount jaccard }
    }
  }
}
`,
  },
  {
    query: `# Who publishes, and the latest of each.
query Providers {
  providers(first: 5) {
    nodes {
      name
      domain
      aliases
      articles(first: 2) { totalCount nodes { title publishedDateTime } }
    }
  }
}
`,
  },
  {
    query: `# Three steps along related articles, and one step back.
query Walk {
  articles(first: 1) {
    nodes {
      title
      related(first: 3) {
        __typename
        title
        related(first: 3) { __typename title }
        relatedBy(first: 3) { nodes { title } }
      }
    }
  }
}
`,
  },
  {
    query: `# Filters compose; sibling keys are ANDed.
query Filter($words: String!) {
  articles(
    first: 5
    filter: {
      or: [{ title: { contains: $words } }, { excerpt: { contains: $words } }]
      images: { count: { gte: 1 } }
      not: { type: { eq: "video" } }
    }
    orderBy: [{ field: HEAT }, { field: PUBLISHED_DATE_TIME }]
  ) {
    totalCount
    nodes { title heat topics { name } }
  }
}
`,
    variables: '{ "words": "a" }',
  },
  {
    query: `# Page by cursor: put endCursor into "after".
query Page($after: String) {
  articles(first: 3, after: $after) {
    nodes { title }
    pageInfo { hasNextPage endCursor }
  }
}
`,
    variables: '{ "after": null }',
  },
  {
    query: `# What changed: pass "next" back as "since" to follow the store.
query Changes($since: String) {
  changes(since: $since, first: 5) {
    changes { seq kind at changedKeys article { title } }
    next
    hasMore
    reset
  }
}
`,
    variables: '{ "since": null }',
  },
  {
    query: `# Run it, then change a file of a served folder (serve --watch).
subscription Live {
  changes {
    kind
    at
    article { title provider { name } }
  }
}
`,
  },
]
