/** Counts with names that lead somewhere, and counts by month as bars. */

import { Link } from 'wouter'
import { monthName } from './dates'

interface Row {
  name: string
  count: number
  href: string
  chosen?: boolean
}

export function Tally({ title, rows }: { title: string; rows: readonly Row[] }) {
  if (rows.length === 0) return null
  const most = Math.max(...rows.map(({ count }) => count))
  return (
    <section className="tally">
      <h2 className="shelf">{title}</h2>
      <ul>
        {rows.map(({ name, count, href, chosen }) => (
          <li key={href}>
            <Link href={href} aria-current={chosen ? 'true' : undefined}>
              <span>{name}</span>
              <span className="count">{count}</span>
              <meter aria-hidden="true" min={0} max={most} value={count} />
            </Link>
          </li>
        ))}
      </ul>
    </section>
  )
}

interface Bar {
  start: string
  count: number
}

/** Draw months that had articles, with the empty ones between them. */
export function Months({ bars }: { bars: readonly Bar[] }) {
  const first = bars[0]
  const last = bars.at(-1)
  if (!first || !last || bars.length < 2) return null
  const counts = new Map(bars.map(({ start, count }) => [month(start), count]))
  const [from, to] = [month(first.start), month(last.start)]
  const all = Array.from({ length: to - from + 1 }, (_, index) => counts.get(from + index) ?? 0).slice(-48)
  const most = Math.max(...all)
  const says = `Articles by month, from ${monthName(first.start)} to ${monthName(last.start)}; at most ${most}`
  return (
    <figure className="months">
      <svg viewBox={`0 0 ${all.length * 10} 40`} preserveAspectRatio="none" role="img" aria-label={says}>
        {all.map((count, index) => (
          <rect key={from + index} x={index * 10 + 1} y={40 - (count / most) * 38} width="8" height={(count / most) * 38} />
        ))}
      </svg>
      <figcaption>
        <span>{all.length < to - from + 1 ? 'four years' : monthName(first.start)}</span>
        <span>{monthName(last.start)}</span>
      </figcaption>
    </figure>
  )
}

function month(instant: string): number {
  const date = new Date(instant)
  return date.getUTCFullYear() * 12 + date.getUTCMonth()
}
