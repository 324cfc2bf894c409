/** Keys that move a reader: / searches, j and k step through stories, ? shows what there is. */

import { useEffect, useRef } from 'react'
import { useLocation } from 'wouter'

const KEYS: readonly (readonly [key: string, says: string])[] = [
  ['/', 'search'],
  ['j', 'next story'],
  ['k', 'previous story'],
  ['Enter', 'open the story'],
  ['h', 'front page'],
  ['t', 'topics'],
  ['p', 'providers'],
  ['?', 'this help'],
]
const PLACES: Record<string, string> = { h: '/', t: '/topics', p: '/providers' }

export function Keyboard() {
  const [, go] = useLocation()
  const help = useRef<HTMLDialogElement>(null)
  useEffect(() => {
    function pressed(event: KeyboardEvent) {
      if (event.metaKey || event.ctrlKey || event.altKey || isTyping(event.target)) return
      const place = PLACES[event.key]
      if (place) go(place)
      else if (event.key === '/') document.getElementById('search')?.focus()
      else if (event.key === '?') help.current?.showModal()
      else if (event.key === 'j' || event.key === 'k') step(event.key === 'j' ? 1 : -1)
      else return
      event.preventDefault()
    }
    document.addEventListener('keydown', pressed)
    return () => document.removeEventListener('keydown', pressed)
  }, [go])
  return (
    <dialog ref={help} className="help" aria-label="Keys" onClick={() => help.current?.close()}>
      <h2>Keys</h2>
      <dl>
        {KEYS.map(([key, says]) => (
          <div key={key}>
            <dt>
              <kbd>{key}</kbd>
            </dt>
            <dd>{says}</dd>
          </div>
        ))}
      </dl>
      <form method="dialog">
        <button type="submit" className="plain">
          Close
        </button>
      </form>
    </dialog>
  )
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.matches('input, textarea, select') || target.isContentEditable)
}

/** Move the focus to the story before or after the one that has it. */
function step(by: 1 | -1): void {
  const stories = [...document.querySelectorAll<HTMLElement>('[data-story]')]
  const at = stories.indexOf(document.activeElement as HTMLElement)
  const next = stories[at < 0 ? 0 : at + by]
  next?.focus({ preventScroll: true })
  next?.scrollIntoView({ block: 'center' })
}
