/** Text and where words matched, in code points, as marked text. */

import type { SearchPageQuery } from '../gql/graphql'

export type Highlight = SearchPageQuery['articles']['edges'][number]['highlights'][number]

export function Marked({ snippet, ranges }: Pick<Highlight, 'snippet' | 'ranges'>) {
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
    </>
  )
}
