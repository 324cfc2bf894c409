/** Text and where words matched, in code points, as marked text. */

import type { SearchPageQuery } from '../gql/graphql'

export type Highlight = SearchPageQuery['articles']['edges'][number]['highlights'][number]

const WHOLE = /[.!?…][”"’»)]*\s*$/

interface Props extends Pick<Highlight, 'snippet' | 'ranges'> {
  /** Say by “…” that a text goes on, where it does not end as a sentence does. */
  ellipsis?: boolean
}

export function Marked({ snippet, ranges, ellipsis = false }: Props) {
  const points = [...snippet]
  const cut = (start: number, end?: number) => points.slice(start, end).join('')
  let at = 0
  const parts = ranges.map(({ start, end }) => {
    const before = cut(at, start)
    at = end
    return (
      <span key={start}>
        {before}
        <mark>{cut(start, end)}</mark>
      </span>
    )
  })
  return (
    <>
      {parts}
      {cut(at)}
      {ellipsis && !WHOLE.test(snippet) && '…'}
    </>
  )
}
