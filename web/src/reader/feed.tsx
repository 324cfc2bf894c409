/** An endless list: pages by cursor, the next one asked for as its place comes near. */

import { useEffect, useRef, useState } from 'react'
import { useQuery } from 'urql'
import type { ArticleFilter } from '../gql/graphql'
import { Feed as FeedDocument } from './documents'
import { Notice } from './notice'
import { StoryItem } from './story'

const SIZE = 12

/** Cursors of the pages that were open, by list: going back finds them open. */
const open = new Map<string, readonly (string | null)[]>()

interface Props {
  filter?: ArticleFilter
  after?: string | null
  label: string
}

export function Feed({ filter, after = null, label }: Props) {
  const [cursors, more] = useCursors(JSON.stringify([filter, after]), after)
  return (
    <section className="feed" aria-label={label}>
      {cursors.map((cursor, index) => (
        <FeedPage
          key={cursor}
          filter={filter}
          after={cursor}
          onMore={index === cursors.length - 1 ? more : undefined}
        />
      ))}
    </section>
  )
}

/** Return the cursors whose pages are open in the list *key*, and how to open one more. */
export function useCursors(key: string, first: string | null = null) {
  const [cursors, setCursors] = useState(open.get(key) ?? [first])
  function more(cursor: string) {
    const next = [...cursors, cursor]
    open.set(key, next)
    setCursors(next)
  }
  return [cursors, more] as const
}

interface PageProps {
  filter?: ArticleFilter
  after: string | null
  onMore?: (cursor: string) => void
}

function FeedPage({ filter, after, onMore }: PageProps) {
  const [{ data, error, fetching }] = useQuery({ query: FeedDocument, variables: { first: SIZE, after, filter } })
  if (error && !data) return <Notice error={error} />
  if (!data) return fetching ? <p className="waiting">Fetching more…</p> : null
  const { nodes, pageInfo } = data.articles
  return (
    <>
      {nodes.map((story) => (
        <StoryItem key={story.id} story={story} />
      ))}
      {onMore && <More cursor={pageInfo.hasNextPage ? pageInfo.endCursor : null} onMore={onMore} />}
    </>
  )
}

/** The end of a page: a button for everybody, pressed by itself when it comes into view. */
export function More({ cursor, onMore }: { cursor?: string | null; onMore: (cursor: string) => void }) {
  const button = useRef<HTMLButtonElement>(null)
  useEffect(() => {
    if (!button.current || !cursor) return
    const seen = new IntersectionObserver(([entry]) => entry?.isIntersecting && onMore(cursor), { rootMargin: '400px' })
    seen.observe(button.current)
    return () => seen.disconnect()
  }, [cursor, onMore])
  if (!cursor) return <p className="end" aria-label="The end">✦</p>
  return (
    <button ref={button} type="button" className="more" onClick={() => onMore(cursor)}>
      More
    </button>
  )
}
