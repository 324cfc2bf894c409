/** One article: what it says, where it comes from, and what hangs together with it. */

import { lazy, Suspense } from 'react'
import { Link } from 'wouter'
import { useQuery } from 'urql'
import { topicAddress } from './addresses'
import { credit } from './credit'
import { ArticlePage, Feed } from './documents'
import { Notice } from './notice'
import { Picture } from './picture'
import { Byline, Kicker, type Story, StoryItem } from './story'
import { useTitle } from './title'
import { Walk } from './walk'

const Body = lazy(() => import('./body'))

export function Article({ path }: { path: string }) {
  const [{ data, error, fetching }] = useQuery({ query: ArticlePage, variables: { path } })
  const article = data?.article
  useTitle(article?.title)
  if (error && !data) return <Notice error={error} />
  if (!article) {
    return fetching ? <p className="waiting">Fetching the article…</p> : <Notice>There is no such article here.</Notice>
  }
  const { id, title, standfirst, picture, body, canonicalUrl, topics } = article
  return (
    <>
      <article className="reading">
        <header>
          <Kicker story={article} />
          <h1 dir="auto">{title}</h1>
          {standfirst && (
            <p className="standfirst" dir="auto">
              {standfirst}
            </p>
          )}
          <Byline story={article} long />
        </header>
        {picture && (
          <figure>
            <div className="frame">
              <Picture key={id} image={picture} name={title} eager />
            </div>
            {picture.title && <figcaption>{[picture.title, picture.attribution].filter(Boolean).join('. ')}</figcaption>}
          </figure>
        )}
        <Suspense fallback={<p className="waiting">…</p>}>{body && <Body text={body} path={path} />}</Suspense>
        <footer>
          {canonicalUrl && (
            <a className="onward" href={canonicalUrl} rel="noopener noreferrer" target="_blank">
              {article.type === 'video' ? 'Watch' : 'Read'} at {credit(article)} <span aria-hidden="true">↗</span>
            </a>
          )}
          <nav aria-label="Topics of this article" className="chips">
            {topics.map(({ slug, name }) => (
              <Link key={slug} href={topicAddress(slug)}>
                {name}
              </Link>
            ))}
          </nav>
        </footer>
      </article>
      <Walk key={id} start={id} />
      {topics[0] && <MoreOn topic={topics[0]} but={id} />}
    </>
  )
}

/** Lead on from an article that nothing is related to, and from every other. */
function MoreOn({ topic: { slug, name }, but }: { topic: Story['topics'][number]; but: string }) {
  const [{ data }] = useQuery({ query: Feed, variables: { first: 4, filter: { topics: { some: { slug: { eq: slug } } } } } })
  const others = data?.articles.nodes.filter(({ id }) => id !== but).slice(0, 3) ?? []
  if (others.length === 0) return null
  return (
    <section className="more-on" aria-labelledby="more-on">
      <h2 id="more-on" className="shelf">
        More on <Link href={topicAddress(slug)}>{name}</Link>
      </h2>
      <div className="trio">
        {others.map((story) => (
          <StoryItem key={story.id} story={story} shape="card" />
        ))}
      </div>
    </section>
  )
}
