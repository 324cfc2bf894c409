/** What was looked for, with the words marked, and ways to narrow it down. */

import { useSearchParams } from 'wouter'
import { useQuery } from 'urql'
import type { ArticleFilter, SearchPageQuery } from '../gql/graphql'
import { searchAddress } from './addresses'
import { SearchPage } from './documents'
import { More, useCursors } from './feed'
import { Notice } from './notice'
import { StoryItem } from './story'
import { Tally } from './tally'
import { useTitle } from './title'

const SIZE = 12

interface Asked {
  words: string
  topic?: string
  provider?: string
}

export function Search() {
  const [parameters] = useSearchParams()
  const words = parameters.get('q') ?? ''
  const asked = { words, topic: parameters.get('topic') ?? undefined, provider: parameters.get('provider') ?? undefined }
  useTitle(words ? `“${words}”` : 'Search')
  if (!words.trim()) {
    return (
      <>
        <header className="section-head">
          <h1>Search</h1>
        </header>
        <Notice>Words, “phrases” in quotes, -not, prefix*: write into the field above.</Notice>
      </>
    )
  }
  return <Results key={JSON.stringify(asked)} asked={asked} />
}

function Results({ asked }: { asked: Asked }) {
  const [cursors, more] = useCursors(JSON.stringify(asked))
  const [{ data, error }] = useQuery({ query: SearchPage, variables: variables(asked, null) })
  if (error && !data) return <Notice error={error} />
  const count = data?.articles.totalCount
  return (
    <>
      <header className="section-head">
        <p className="kicker">Search</p>
        <h1>“{asked.words}”</h1>
        <p className="about" role="status">
          {count === undefined ? 'Looking…' : count === 0 ? 'Nothing found' : `${count} found`}
        </p>
      </header>
      <div className="below">
        <section className="feed" aria-label="Found">
          {count === 0 && <Notice>Fewer words find more, and so does the beginning of one with a star: harb*</Notice>}
          {cursors.map((cursor, index) => (
            <ResultPage key={cursor} asked={asked} after={cursor} onMore={index === cursors.length - 1 ? more : undefined} />
          ))}
        </section>
        {data && <Narrowing asked={asked} facets={data.articles.facets} />}
      </div>
    </>
  )
}

function ResultPage({ asked, after, onMore }: { asked: Asked; after: string | null; onMore?: (cursor: string) => void }) {
  const [{ data }] = useQuery({ query: SearchPage, variables: variables(asked, after) })
  if (!data) return null
  const { edges, pageInfo } = data.articles
  return (
    <>
      {edges.map(({ node, highlights }) => (
        <StoryItem key={node.id} story={node} highlights={highlights} />
      ))}
      {onMore && edges.length > 0 && <More cursor={pageInfo.hasNextPage ? pageInfo.endCursor : null} onMore={onMore} />}
    </>
  )
}

function Narrowing({ asked, facets }: { asked: Asked; facets: SearchPageQuery['articles']['facets'] }) {
  const { words, topic, provider } = asked
  const toggled = (chosen: string | undefined, value: string) => (chosen === value ? undefined : value)
  return (
    <aside aria-label="Narrow down">
      <Tally
        title="By topic"
        rows={facets.topics.map((each) => ({
          name: each.topic.name,
          count: each.count,
          chosen: each.topic.slug === topic,
          href: searchAddress(words, { provider, topic: toggled(topic, each.topic.slug) }),
        }))}
      />
      <Tally
        title="By provider"
        rows={facets.providers.map((each) => ({
          name: each.provider.name,
          count: each.count,
          chosen: each.provider.domain === provider,
          href: searchAddress(words, { topic, provider: toggled(provider, each.provider.domain) }),
        }))}
      />
    </aside>
  )
}

function variables({ words, topic, provider }: Asked, after: string | null) {
  const filter: ArticleFilter = {
    ...(topic && { topics: { some: { slug: { eq: topic } } } }),
    ...(provider && { provider: { domain: { eq: provider } } }),
  }
  return { words, first: SIZE, after, filter }
}
