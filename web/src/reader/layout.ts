/** Points and ties in, places out: a d3 simulation in an ellipse, moving on from where the points were. */

import {
  forceCollide, forceLink, forceManyBody, forceSimulation, type Simulation, type SimulationLinkDatum, type SimulationNodeDatum,
} from 'd3-force'
import { useEffect, useRef, useState } from 'react'
import type { Point, Surroundings, Tie } from './points'

export interface Placed extends Point, SimulationNodeDatum {
  x: number
  y: number
}

export interface Size {
  width: number
  height: number
}

const CALM = matchMedia('(prefers-reduced-motion: reduce)')
const TICKS = 220

/** Return the points with their places, which move until they have settled. */
export function useLayout(surroundings: Surroundings, size: Size): readonly Placed[] {
  const known = useRef(new Map<string, Placed>())
  const [placed, setPlaced] = useState<readonly Placed[]>([])
  useEffect(() => {
    if (size.width === 0) return
    const points = surroundings.points.map((point, index) => place(point, index, known.current, size))
    known.current = new Map(points.map((point) => [point.id, point]))
    const simulation = simulate(points, surroundings.ties, size)
    if (CALM.matches) simulation.stop().tick(TICKS)
    else simulation.on('tick', () => setPlaced([...points]))
    setPlaced([...points])
    return () => void simulation.stop()
  }, [surroundings, size])
  return placed
}

/** Start a point where it stood, else on a spiral around the middle. */
function place(point: Point, index: number, known: ReadonlyMap<string, Placed>, { width, height }: Size): Placed {
  const before = known.get(point.id)
  const angle = index * 2.4
  const reach = 20 + index * 6
  const x = before?.x ?? width / 2 + Math.cos(angle) * reach
  const y = before?.y ?? height / 2 + Math.sin(angle) * reach
  return { ...point, x, y, vx: 0, vy: 0 }
}

function simulate(points: Placed[], ties: readonly Tie[], size: Size): Simulation<Placed, undefined> {
  const narrow = size.width < 560
  const links: SimulationLinkDatum<Placed>[] = ties.map((tie) => ({ ...tie }))
  return forceSimulation(points)
    .alphaDecay(0.035)
    .force('ties', forceLink<Placed, SimulationLinkDatum<Placed>>(links).id(({ id }) => id).distance(90).strength(0.02))
    .force('apart', forceManyBody<Placed>().strength(narrow ? -60 : -220))
    .force('room', forceCollide<Placed>(({ ring }) => (ring === 2 ? 14 : narrow ? 48 : 66)).iterations(2))
    .force('rings', rings(points, size))
}

/** Pull each point to its ring, an ellipse as wide and as high as the drawing allows, and keep all of them inside. */
function rings(points: Placed[], { width, height }: Size) {
  const margin = { x: Math.min(90, width * 0.17), y: 34 }
  const reach = [0, 0.72, 1.1]
  return (alpha: number) => {
    for (const point of points) {
      const dx = (point.x - width / 2) / (width / 2 - margin.x)
      const dy = (point.y - height / 2) / (height / 2 - margin.y)
      const away = Math.hypot(dx, dy) || 0.01
      const pull = (((reach[point.ring] ?? 1) - away) / away) * alpha * (point.ring === 0 ? 1.5 : 1)
      point.vx = (point.vx ?? 0) + (point.x - width / 2) * pull
      point.vy = (point.vy ?? 0) + (point.y - height / 2) * pull
      point.x = Math.min(width - margin.x, Math.max(margin.x, point.x))
      point.y = Math.min(height - margin.y, Math.max(margin.y, point.y))
    }
  }
}
