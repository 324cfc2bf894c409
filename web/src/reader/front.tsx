/** The front page: the newest story large, the next beside it, what is talked about, and then everything. */

import { Link } from 'wouter'
import { useQuery } from 'urql'
import type { FrontPageQuery } from '../gql/graphql'
import { articleAddress, providerAddress, topicAddress } from './addresses'
import { credit } from './credit'
import { FrontPage } from './documents'
import { Feed } from './feed'
import { useArrivals } from './live'
import { Notice } from './notice'
import { StoryItem } from './story'
import { Tally } from './tally'

export function Front() {
  const [{ data, error }] = useQuery({ query: FrontPage })
  const arrivals = useArrivals()
  if (error && !data) return <Notice error={error} />
  if (!data) return <p className="waiting">Setting the page…</p>
  const { nodes, pageInfo, facets } = data.latest
  const fresh = new Set(arrivals.map(({ id }) => id))
  const stories = [...arrivals, ...nodes.filter(({ id }) => !fresh.has(id))]
  const [lead, ...others] = stories
  if (!lead) return <Notice>No article has been published yet. The first one will appear here by itself.</Notice>
  const second = others.slice(0, 2)
  return (
    <>
      <p className="unseen" role="status">
        {arrivals[0] && `Just in: ${arrivals[0].title}`}
      </p>
      <div className="top">
        <StoryItem key={lead.id} story={lead} shape="lead" fresh={fresh.has(lead.id)} />
        <div className="second">
          {second.map((story) => (
            <StoryItem key={story.id} story={story} shape="card" fresh={fresh.has(story.id)} />
          ))}
        </div>
      </div>
      <Hottest articles={data.hottest.nodes} />
      <div className="below">
        <div>
          <h2 className="shelf">More news</h2>
          <div className="feed">
            {others.slice(2).map((story) => (
              <StoryItem key={story.id} story={story} fresh={fresh.has(story.id)} />
            ))}
          </div>
          {pageInfo.hasNextPage && <Feed after={pageInfo.endCursor} label="Earlier news" />}
        </div>
        <aside aria-label="Sections and providers">
          <Tally
            title="Topics"
            rows={facets.topics.map(({ topic, count }) => ({ name: topic.name, count, href: topicAddress(topic.slug) }))}
          />
          <Tally
            title="Providers"
            rows={facets.providers.map(({ provider, count }) => ({
              name: provider.name,
              count,
              href: providerAddress(provider.domain),
            }))}
          />
        </aside>
      </div>
    </>
  )
}

function Hottest({ articles }: { articles: FrontPageQuery['hottest']['nodes'] }) {
  const hot = articles.filter(({ heat }) => heat !== null)
  if (hot.length < 3) return null
  return (
    <section className="hottest" aria-labelledby="hottest">
      <h2 id="hottest" className="shelf">
        Most talked about
      </h2>
      <ol>
        {hot.map((article) => (
          <li key={article.id}>
            <p>
              <Link href={articleAddress(article.path)}>{article.title}</Link>
              <span className="byline">{credit(article)}</span>
            </p>
          </li>
        ))}
      </ol>
    </section>
  )
}
