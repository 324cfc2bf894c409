/** Related articles as a map to walk: step on a point, and it becomes the middle. */

import { useEffect, useMemo, useRef, useState } from 'react'
import { Link } from 'wouter'
import { useQuery } from 'urql'
import { articleAddress } from './addresses'
import { credit } from './credit'
import { shortDate } from './dates'
import { Neighbours } from './documents'
import { type Placed, type Size, useLayout } from './layout'
import { type Centre, type Surroundings, surroundings, type Tie } from './points'
import { Timeline } from './timeline'

const NOTHING: Surroundings = { points: [], ties: [] }

export function Walk({ start }: { start: string }) {
  const [trail, setTrail] = useState<readonly string[]>([start])
  const at = trail.at(-1) ?? start
  const [{ data }] = useQuery({ query: Neighbours, variables: { id: at } })
  const [centre, setCentre] = useState<Centre>()
  const [active, setActive] = useState<string>()
  const titles = useRef(new Map<string, string>())
  useEffect(() => {
    if (data?.node && 'title' in data.node) setCentre(data.node)
  }, [data])
  const around = useMemo(() => (centre ? surroundings(centre) : NOTHING), [centre])
  for (const { id, title } of around.points) titles.current.set(id, title)
  if (!centre || (around.points.length < 2 && trail.length === 1)) return null

  function walk(id: string) {
    const before = trail.indexOf(id)
    setTrail(before < 0 ? [...trail, id] : trail.slice(0, before + 1))
    setActive(undefined)
  }
  return (
    <section className="walk" aria-labelledby="walk">
      <h2 id="walk" className="shelf">
        How it hangs together
      </h2>
      <p className="about">Each point is an article; press one to walk there. The line below says when they were published.</p>
      <Surrounds around={around} active={active} onActive={setActive} onWalk={walk} />
      <Timeline points={around.points} active={active} onActive={setActive} onWalk={walk} />
      <Card centre={centre} isStart={centre.id === start} />
      {trail.length > 1 && (
        <nav className="trail" aria-label="The way you came">
          {trail.map((id, index) => (
            <button key={id} type="button" aria-current={index === trail.length - 1 ? 'step' : undefined} onClick={() => walk(id)}>
              {titles.current.get(id) ?? '…'}
            </button>
          ))}
        </nav>
      )}
    </section>
  )
}

interface SurroundsProps {
  around: Surroundings
  active?: string
  onActive: (id: string | undefined) => void
  onWalk: (id: string) => void
}

function Surrounds({ around, active, onActive, onWalk }: SurroundsProps) {
  const [frame, size] = useSize()
  const placed = useLayout(around, size)
  const places = Object.fromEntries(placed.map((point) => [point.id, point]))
  return (
    <div className="map" ref={frame}>
      <svg width={size.width} height={size.height} aria-hidden="true">
        {around.ties.map((tie) => (
          <TieLine key={`${tie.source} ${tie.target}`} tie={tie} places={places} active={active} />
        ))}
      </svg>
      <ul>
        {placed.map((point) => (
          <li key={point.id} className={kind(point, active)} style={{ transform: `translate(${point.x}px, ${point.y}px)` }}>
            <button
              type="button"
              disabled={point.ring === 0}
              aria-label={`${point.ring === 0 ? 'Here' : 'Walk to'}: ${point.title}, ${point.provider}`}
              onClick={() => onWalk(point.id)}
              onPointerEnter={() => onActive(point.id)}
              onPointerLeave={() => onActive(undefined)}
              onFocus={() => onActive(point.id)}
              onBlur={() => onActive(undefined)}
            >
              <span className="dot" />
              <span className="label">{point.title}</span>
            </button>
          </li>
        ))}
      </ul>
    </div>
  )
}

function kind({ id, ring, path }: Placed, active?: string): string {
  return ['point', `ring-${ring}`, path === undefined && 'stub', id === active && 'active'].filter(Boolean).join(' ')
}

function TieLine({ tie, places, active }: { tie: Tie; places: Record<string, Placed>; active?: string }) {
  const [from, to] = [places[tie.source], places[tie.target]]
  if (!from || !to) return null
  const lit = active === tie.source || active === tie.target
  const faint = from.ring + to.ring > 1
  // A curve that leans to the left of its way tells there from back.
  const [mx, my] = [(from.x + to.x) / 2 - (to.y - from.y) * 0.08, (from.y + to.y) / 2 + (to.x - from.x) * 0.08]
  return (
    <path className={`tie${lit ? ' lit' : ''}${faint ? ' faint' : ''}`} d={`M${from.x},${from.y}Q${mx},${my} ${to.x},${to.y}`} />
  )
}

/** What stands in the middle, in words. */
function Card({ centre, isStart }: { centre: Centre; isStart: boolean }) {
  const { title, excerpt, publishedDateTime: instant, related, relatedBy } = centre
  return (
    <div className="here" role="status">
      <p className="kicker">{isStart ? 'This article' : centre.__typename === 'Article' ? 'You are at' : 'Not in this store'}</p>
      <h3 dir="auto">{isStart || centre.__typename !== 'Article' ? title : <Link href={articleAddress(centre.path)}>{title}</Link>}</h3>
      {excerpt && (
        <p className="excerpt" dir="auto">
          {excerpt}
        </p>
      )}
      <p className="byline">
        <span>{credit(centre)}</span>
        {instant && <time dateTime={instant}>{shortDate(instant)}</time>}
        <span>
          names {related.length}, named by {relatedBy.nodes.length}
        </span>
      </p>
      {!isStart && centre.__typename === 'Article' && (
        <Link className="onward" href={articleAddress(centre.path)}>
          Read it <span aria-hidden="true">→</span>
        </Link>
      )}
      {centre.__typename === 'ArticleStub' && centre.webUrl && (
        <a className="onward" href={centre.webUrl} rel="noopener noreferrer" target="_blank">
          Read at {credit(centre)} <span aria-hidden="true">↗</span>
        </a>
      )}
    </div>
  )
}

const UNMEASURED: Size = { width: 0, height: 0 }

function useSize() {
  const frame = useRef<HTMLDivElement>(null)
  const [size, setSize] = useState(UNMEASURED)
  useEffect(() => {
    if (!frame.current) return
    const observer = new ResizeObserver(([entry]) => {
      if (entry) setSize({ width: Math.round(entry.contentRect.width), height: Math.round(entry.contentRect.height) })
    })
    observer.observe(frame.current)
    return () => observer.disconnect()
  }, [])
  return [frame, size] as const
}
