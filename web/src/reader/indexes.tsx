/** All topics as a tree, all providers as cards. */

import { Link } from 'wouter'
import { useQuery } from 'urql'
import type { TopicIndexQuery } from '../gql/graphql'
import { articleAddress, providerAddress, topicAddress } from './addresses'
import { ProviderIndex, TopicIndex } from './documents'
import { Notice } from './notice'
import { Picture } from './picture'
import { useTitle } from './title'

type Topic = TopicIndexQuery['topics']['nodes'][number]

export function Topics() {
  const [{ data, error }] = useQuery({ query: TopicIndex })
  useTitle('Topics')
  if (error && !data) return <Notice error={error} />
  if (!data) return <p className="waiting">Sorting the topics…</p>
  const { nodes } = data.topics
  const roots = nodes.filter(({ parent }) => !parent)
  return (
    <>
      <header className="section-head">
        <h1>Topics</h1>
      </header>
      <div className="index">
        {roots.map((root) => (
          <section key={root.slug}>
            <h2>
              <TopicLink topic={root} />
            </h2>
            <Branch under={root.slug} topics={nodes} />
          </section>
        ))}
      </div>
    </>
  )
}

function Branch({ under, topics }: { under: string; topics: readonly Topic[] }) {
  const children = topics.filter(({ parent }) => parent?.slug === under)
  if (children.length === 0) return null
  return (
    <ul>
      {children.map((topic) => (
        <li key={topic.slug}>
          <TopicLink topic={topic} />
          <Branch under={topic.slug} topics={topics} />
        </li>
      ))}
    </ul>
  )
}

function TopicLink({ topic }: { topic: Topic }) {
  return (
    <Link href={topicAddress(topic.slug)}>
      {topic.name} <span className="count">{topic.articles.totalCount}</span>
    </Link>
  )
}

export function Providers() {
  const [{ data, error }] = useQuery({ query: ProviderIndex })
  useTitle('Providers')
  if (error && !data) return <Notice error={error} />
  if (!data) return <p className="waiting">Calling the providers…</p>
  return (
    <>
      <header className="section-head">
        <h1>Providers</h1>
      </header>
      <ul className="cards">
        {data.providers.nodes.map(({ domain, name, description, images, articles }) => (
          <li key={domain}>
            <div className="crest">
              <Picture image={images[0]} name={name} />
            </div>
            <h2>
              <Link href={providerAddress(domain)}>{name}</Link> <span className="count">{articles.totalCount}</span>
            </h2>
            {description && <p>{description}</p>}
            {articles.nodes.map(({ id, path, title }) => (
              <p key={id} className="latest">
                <Link href={articleAddress(path)}>{title}</Link>
              </p>
            ))}
          </li>
        ))}
      </ul>
    </>
  )
}
