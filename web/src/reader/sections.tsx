/** A topic's page and a provider's: what it is, what it touches, and its articles. */

import { Link } from 'wouter'
import { useQuery } from 'urql'
import { providerAddress, topicAddress } from './addresses'
import { ProviderPage, TopicPage } from './documents'
import { Feed } from './feed'
import { Notice } from './notice'
import { Picture } from './picture'
import { Months, Tally } from './tally'
import { useTitle } from './title'

const articles = (count: number) => `${count} ${count === 1 ? 'article' : 'articles'}`

export function TopicSection({ slug }: { slug: string }) {
  const [{ data, error, fetching }] = useQuery({ query: TopicPage, variables: { slug } })
  const topic = data?.topic
  useTitle(topic?.name)
  if (error && !data) return <Notice error={error} />
  if (!topic) return fetching ? <p className="waiting">Looking it up…</p> : <Notice>There is no topic “{slug}”.</Notice>
  const { totalCount, facets } = topic.articles
  const near = [...(topic.parent ? [topic.parent] : []), ...topic.children]
  return (
    <>
      <header className="section-head">
        {topic.parent && (
          <p className="kicker">
            <Link href={topicAddress(topic.parent.slug)}>{topic.parent.name}</Link>
          </p>
        )}
        <h1>{topic.name}</h1>
        <p className="about">{[articles(totalCount), ...topic.hashtags].join(' · ')}</p>
        {near.length > 0 && (
          <nav aria-label="Topics nearby" className="chips">
            {near.map(({ slug: other, name }) => (
              <Link key={other} href={topicAddress(other)}>
                {name}
              </Link>
            ))}
          </nav>
        )}
      </header>
      <div className="below">
        <Feed key={slug} filter={{ topics: { some: { slug: { eq: slug } } } }} label={`Articles on ${topic.name}`} />
        <aside aria-label="In numbers">
          <Months bars={facets.histogram} />
          <Tally
            title="Together with"
            rows={topic.coTopics.map((pair) => ({
              name: pair.topic.name,
              count: pair.sharedCount,
              href: topicAddress(pair.topic.slug),
            }))}
          />
          <Tally
            title="Reported by"
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

export function ProviderSection({ domain }: { domain: string }) {
  const [{ data, error, fetching }] = useQuery({ query: ProviderPage, variables: { domain } })
  const provider = data?.provider
  useTitle(provider?.name)
  if (error && !data) return <Notice error={error} />
  if (!provider) {
    return fetching ? <p className="waiting">Looking it up…</p> : <Notice>There is no provider “{domain}”.</Notice>
  }
  const { totalCount, facets } = provider.articles
  return (
    <>
      <header className="section-head">
        <div className="crest">
          <Picture image={provider.images.at(-1)} name={provider.name} />
        </div>
        <h1>{provider.name}</h1>
        {provider.description && <p className="standfirst">{provider.description}</p>}
        <p className="about">
          {[provider.domain, articles(totalCount), ...provider.aliases.map((name) => `also ${name}`)].join(' · ')}
        </p>
      </header>
      <div className="below">
        <Feed key={domain} filter={{ provider: { domain: { eq: domain } } }} label={`Articles by ${provider.name}`} />
        <aside aria-label="In numbers">
          <Months bars={facets.histogram} />
          <Tally
            title="Writes about"
            rows={facets.topics.map(({ topic, count }) => ({ name: topic.name, count, href: topicAddress(topic.slug) }))}
          />
        </aside>
      </div>
    </>
  )
}
