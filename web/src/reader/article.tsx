/** One article: what it says, where it comes from, and what hangs together with it. */

import { lazy, Suspense } from 'react'
import { Link } from 'wouter'
import { useQuery } from 'urql'
import { topicAddress } from './addresses'
import { ArticlePage } from './documents'
import { Notice } from './notice'
import { Picture } from './picture'
import { Byline, Kicker } from './story'
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
  const { id, title, standfirst, picture, body, canonicalUrl, provider, topics } = article
  return (
    <>
      <article className="reading">
        <header>
          <Kicker story={article} />
          <h1>{title}</h1>
          {standfirst && <p className="standfirst">{standfirst}</p>}
          <Byline story={article} long />
        </header>
        <figure>
          <div className="frame">
            <Picture key={id} image={picture} name={title} eager />
          </div>
          {picture?.title && (
            <figcaption>{[picture.title, picture.attribution].filter(Boolean).join('. ')}</figcaption>
          )}
        </figure>
        <Suspense fallback={<p className="waiting">…</p>}>{body && <Body text={body} path={path} />}</Suspense>
        <footer>
          {canonicalUrl && (
            <a className="onward" href={canonicalUrl} rel="noopener noreferrer" target="_blank">
              {article.type === 'video' ? 'Watch' : 'Read'} at {provider.name} <span aria-hidden="true">↗</span>
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
    </>
  )
}
