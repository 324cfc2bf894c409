/** An answer about one article's neighbours in, the points and ties of a drawing out. Nothing here draws. */

import type { NeighboursQuery, PointFragment } from '../gql/graphql'
import { credit } from './credit'

export type Centre = Extract<NonNullable<NeighboursQuery['node']>, { title: string }>
export type Ring = 0 | 1 | 2

export interface Point {
  id: string
  title: string
  provider: string
  published?: string | null
  /** Where it is in the reader, or undefined for one that is not in the store. */
  path?: string
  webUrl?: string | null
  /** Steps from the centre. */
  ring: Ring
}

/** `source` names `target` as related. */
export interface Tie {
  source: string
  target: string
}

export interface Surroundings {
  points: Point[]
  ties: Tie[]
}

const MOST_FAR = 14

/** Return the centre, what it names, what names it, and a step further; each point once, as near as it gets. */
export function surroundings(centre: Centre): Surroundings {
  const points = new Map<string, Point>([[centre.id, point(centre, 0)]])
  const ties = new Map<string, Tie>()
  const tie = (source: string, target: string) => ties.set(`${source} ${target}`, { source, target })
  for (const near of centre.related) {
    if (!points.has(near.id)) points.set(near.id, point(near, 1))
    tie(centre.id, near.id)
  }
  for (const near of centre.relatedBy.nodes) {
    if (!points.has(near.id)) points.set(near.id, point(near, 1))
    tie(near.id, centre.id)
  }
  for (const near of centre.related) {
    for (const far of near.__typename === 'Article' ? near.related : []) {
      if (!points.has(far.id)) {
        if (points.size > MOST_FAR + centre.related.length) continue
        points.set(far.id, point(far, 2))
      }
      tie(near.id, far.id)
    }
  }
  return { points: [...points.values()], ties: [...ties.values()] }
}

function point(article: PointFragment, ring: Ring): Point {
  const { id, title, publishedDateTime: published, webUrl } = article
  const path = article.__typename === 'Article' ? article.path : undefined
  return { id, title, provider: credit(article), published, webUrl, path, ring }
}
