/** All topics as a tree, all providers as cards. */

import { Link } from 'wouter'
import type { ProviderIndexQuery, TopicIndexQuery } from '../gql/graphql'
import { useAll } from './all'
import { articleAddress, providerAddress, topicAddress } from './addresses'
import { ProviderIndex, TopicIndex } from './documents'
import { Notice } from './notice'
import { Picture } from './picture'
import { useTitle } from './title'

type Topic = TopicIndexQuery['topics']['nodes'][number]
type Provider = ProviderIndexQuery['providers']['nodes'][number]

const topics = (data: TopicIndexQuery) => data.topics
const providers = (data: ProviderIndexQuery) => data.providers

export function Topics() {
  const { nodes, error } = useAll(TopicIndex, topics)
  useTitle('Topics')
  if (error && !nodes) return <Notice error={error} />
  if (!nodes) return <p className="waiting">Sorting the topics…</p>
  const known = new Set(nodes.map(({ slug }) => slug))
  const roots = nodes.filter(({ parent }) => !parent || !known.has(parent.slug))
  return (
    <>
      <header className="section-head">
        <h1>Topics</h1>
      </header>
      {roots.length === 0 && <Notice>No article has a topic yet.</Notice>}
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
  const { nodes, error } = useAll(ProviderIndex, providers)
  useTitle('Providers')
  if (error && !nodes) return <Notice error={error} />
  if (!nodes) return <p className="waiting">Calling the providers…</p>
  const silent = nodes.filter(({ articles }) => articles.totalCount === 0)
  return (
    <>
      <header className="section-head">
        <h1>Providers</h1>
      </header>
      {nodes.length === 0 && <Notice>Nobody has published here yet.</Notice>}
      <ul className="cards">
        {nodes
          .filter(({ articles }) => articles.totalCount > 0)
          .map((provider) => (
            <ProviderCard key={provider.domain} provider={provider} />
          ))}
      </ul>
      {silent.length > 0 && (
        <nav aria-labelledby="silent" className="silent">
          <h2 id="silent" className="shelf">
            Known, without articles here
          </h2>
          <div className="chips">
            {silent.map(({ domain, name }) => (
              <Link key={domain} href={providerAddress(domain)}>
                {name}
              </Link>
            ))}
          </div>
        </nav>
      )}
    </>
  )
}

function ProviderCard({ provider: { domain, name, description, images, articles } }: { provider: Provider }) {
  return (
    <li>
      <div className="crest">
        <Picture image={images[0]} name={name} />
      </div>
      <h2>
        <Link href={providerAddress(domain)}>{name}</Link> <span className="count">{articles.totalCount}</span>
      </h2>
      {description && <p dir="auto">{description}</p>}
      {articles.nodes.map(({ id, path, title }) => (
        <p key={id} className="latest" dir="auto">
          <Link href={articleAddress(path)}>{title}</Link>
        </p>
      ))}
    </li>
  )
}
