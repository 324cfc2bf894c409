/** The head of every page: the name, the day, the sections, the search, the lights. */

import { type FormEvent, useRef } from 'react'
import { Link, useLocation, useSearchParams } from 'wouter'
import { PLAYGROUND, searchAddress } from './addresses'
import { today } from './dates'
import { useTheme } from './theme'

export function Masthead() {
  const [place] = useLocation()
  const front = place === '/'
  const Name = front ? 'h1' : 'p'
  return (
    <header className={front ? 'masthead front' : 'masthead'}>
      <a className="skip" href="#content">
        Skip to the content
      </a>
      <p className="day">{today()}</p>
      <Name className="name">
        <Link href="/">Broadsheet</Link>
      </Name>
      <Lights />
      <nav aria-label="Sections" className="sections">
        <Link href="/" aria-current={front ? 'page' : undefined}>
          Newest
        </Link>
        <Link href="/topics" aria-current={place.startsWith('/topic') ? 'page' : undefined}>
          Topics
        </Link>
        <Link href="/providers" aria-current={place.startsWith('/provider') ? 'page' : undefined}>
          Providers
        </Link>
        {PLAYGROUND && <a href={PLAYGROUND}>Playground</a>}
        <SearchBox />
      </nav>
    </header>
  )
}

function SearchBox() {
  const [, go] = useLocation()
  const [parameters] = useSearchParams()
  const field = useRef<HTMLInputElement>(null)
  const words = parameters.get('q') ?? ''
  function search(event: FormEvent) {
    event.preventDefault()
    const asked = field.current?.value.trim()
    if (asked) go(searchAddress(asked))
  }
  return (
    <search>
      <form onSubmit={search}>
        <input key={words} ref={field} id="search" type="search" aria-label="Search articles" placeholder="Search" defaultValue={words} />
        <kbd aria-hidden="true">/</kbd>
      </form>
    </search>
  )
}

function Lights() {
  const [theme, turn] = useTheme()
  return (
    <button type="button" className="lights" onClick={turn} aria-label={theme === 'dark' ? 'Light colours' : 'Dark colours'}>
      <svg viewBox="0 0 20 20" aria-hidden="true">
        {theme === 'dark' ? (
          <path d="M10 5.5a4.500 4.500 0 1 0 0 9a4.500 4.500 0 0 0 0-9M10 0v3M10 17v3M0 10h3M17 10h3M3 3l2 2M15 15l2 2M3 17l2-2M15 5l2-2" />
        ) : (
          <path d="M16.500 12.500A7.500 7.500 0 0 1 7.500 3.500a7.500 7.500 0 1 0 9 9Z" />
        )}
      </svg>
    </button>
  )
}
