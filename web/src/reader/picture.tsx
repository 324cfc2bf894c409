/** A picture where there is one that loads, else a composition made of the article's own name. */

import { useState } from 'react'

export interface PictureOf {
  url: string
  rawUrl: string
  width?: number | null
  height?: number | null
  title?: string | null
}

interface Props {
  image?: PictureOf | null
  name: string
  eager?: boolean
}

/** Fill the frame around it: the picture is decoration, the headline beside it says what it is about. */
export function Picture({ image, name, eager = false }: Props) {
  const [failed, setFailed] = useState<readonly string[]>([])
  const source = sources(image).find((url) => !failed.includes(url))
  if (!source) return <Placeholder name={name} />
  return (
    <img
      className="picture"
      src={source}
      alt=""
      loading={eager ? 'eager' : 'lazy'}
      fetchPriority={eager ? 'high' : 'auto'}
      decoding="async"
      referrerPolicy="no-referrer"
      onError={() => setFailed([...failed, source])}
    />
  )
}

/** A relative address is one of the served folder, which our own server shows; its absolute form comes second. */
function sources(image?: PictureOf | null): string[] {
  if (!image) return []
  const own = /^\/?[^:]*$/.test(image.rawUrl) && !image.rawUrl.startsWith('//')
  const remote = /^https?:/.test(image.url) ? [image.url] : []
  return own ? [`/pictures/${image.rawUrl.replace(/^\//, '')}`, ...remote] : remote
}

const ROWS = [0, 1, 2, 3, 4]

/** Waves whose height and phase follow from the name, and its first letter: always the same for the same article. */
export function Placeholder({ name }: { name: string }) {
  const seed = [...name].reduce((sum, letter) => (sum * 31 + (letter.codePointAt(0) ?? 0)) % 9973, 7)
  const letter = [...name.replace(/^[^\p{L}\p{N}]+/u, '')][0]?.toUpperCase() ?? '·'
  return (
    <svg className={`picture placeholder hue-${seed % 5}`} viewBox="0 0 320 180" preserveAspectRatio="xMidYMid slice" aria-hidden="true">
      <rect width="320" height="180" className="sky" />
      <text x={105 + (seed % 40)} y="128" className="initial">
        {letter}
      </text>
      {ROWS.map((row) => (
        <path key={row} d={wave(70 + row * 24, 5 + ((seed >> row) % 9), seed + row * 47)} className="wave" />
      ))}
    </svg>
  )
}

function wave(y: number, height: number, phase: number): string {
  const points = Array.from({ length: 33 }, (_, i) => `${i * 10},${(y + height * Math.sin((i * 10 + phase) / 38)).toFixed(1)}`)
  return `M${points.join('L')}V180H0Z`
}
