/** When the articles of a map were published, on one line. */

import { longDate, monthName } from './dates'
import type { Point } from './points'

interface Props {
  points: readonly Point[]
  active?: string
  onActive: (id: string | undefined) => void
  onWalk: (id: string) => void
}

const DAY = 86_400_000
const MARGIN = 2

/** Points are told apart by the map's buttons; here they are a picture with one description. */
export function Timeline({ points, active, onActive, onWalk }: Props) {
  const dated = points
    .filter(({ published, ring }) => published && ring < 2)
    .map((point) => ({ ...point, published: point.published as string, at: Date.parse(point.published as string) }))
    .sort((a, b) => a.at - b.at)
  const [first, last] = [dated[0], dated.at(-1)]
  if (!first || !last || first.at === last.at) return null
  const span = Math.max(last.at - first.at, DAY)
  const place = (at: number) => MARGIN + ((at - first.at) / span) * (100 - 2 * MARGIN)
  const spoken = dated.find(({ id }) => id === active)
  return (
    <figure className="timeline" aria-label={`From ${longDate(first.published)} to ${longDate(last.published)}`}>
      <div className="line" aria-hidden="true">
        {dated.map(({ id, at, ring }) => (
          <span
            key={id}
            className={`moment${ring === 0 ? ' here' : ''}${id === active ? ' active' : ''}`}
            style={{ left: `${place(at)}%` }}
            onPointerEnter={() => onActive(id)}
            onPointerLeave={() => onActive(undefined)}
            onClick={() => onWalk(id)}
          />
        ))}
      </div>
      <figcaption>
        <span>{monthName(first.published)}</span>
        <span className="spoken">{spoken && `${longDate(spoken.published)}: ${spoken.title}`}</span>
        <span>{monthName(last.published)}</span>
      </figcaption>
    </figure>
  )
}
