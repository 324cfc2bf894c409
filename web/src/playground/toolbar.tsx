/** What the toolbar adds: take the operation along, and choose the road of subscriptions. */

import { CopyIcon, ToolbarMenu, useGraphiQL } from '@graphiql/react'
import { useState } from 'react'
import type { Road } from './fetcher'
import { curl, fetching, link, type Operation } from './sharing'

const ENDPOINT = new URL('/graphql', location.href).href
const KEPT = 'broadsheet:road'
const ROADS: Record<Road, string> = { websocket: 'WebSocket', events: 'Event stream (SSE)' }
const WORDED = 'graphiql-un-styled graphiql-toolbar-button worded'
const FORMS: Record<string, (operation: Operation) => string> = {
  'Copy as link': (operation) => link(operation),
  'Copy as curl': (operation) => curl(operation, ENDPOINT),
  'Copy as fetch': (operation) => fetching(operation, ENDPOINT),
}

/** Return the road that subscriptions take from now on. */
export function currentRoad(): Road {
  return localStorage.getItem(KEPT) === 'events' ? 'events' : 'websocket'
}

/** Put a text on the clipboard; a page that came by plain HTTP, as to a phone beside the desk, has the old way only. */
async function toClipboard(text: string): Promise<void> {
  if (isSecureContext) return navigator.clipboard.writeText(text)
  const give = (event: ClipboardEvent) => {
    event.clipboardData?.setData('text/plain', text)
    event.preventDefault()
    event.stopImmediatePropagation()
  }
  document.addEventListener('copy', give, { capture: true, once: true })
  if (!document.execCommand('copy')) throw new Error('this browser does not let a page copy')
}

export function CopyMenu() {
  const { queryEditor, variableEditor, headerEditor } = useGraphiQL((state) => state)
  const [copied, setCopied] = useState(false)
  async function copy(form: (operation: Operation) => string) {
    const [query = '', variables, headers] = [queryEditor, variableEditor, headerEditor].map((e) => e?.getValue())
    await toClipboard(form({ query, variables, headers }))
    setCopied(true)
    setTimeout(setCopied, 1500, false)
  }
  return (
    <ToolbarMenu
      button={
        <button type="button" className={WORDED} aria-label="Copy the operation" title="Copy as link, curl or fetch">
          <CopyIcon aria-hidden="true" />
          <span aria-live="polite">{copied ? '✓' : 'Copy'}</span>
        </button>
      }
    >
      {Object.entries(FORMS).map(([label, form]) => (
        <ToolbarMenu.Item key={label} onSelect={() => void copy(form)}>
          {label}
        </ToolbarMenu.Item>
      ))}
    </ToolbarMenu>
  )
}

export function RoadMenu() {
  const [road, setRoad] = useState(currentRoad)
  function choose(next: Road) {
    localStorage.setItem(KEPT, next)
    setRoad(next)
  }
  return (
    <ToolbarMenu
      button={
        <button
          type="button"
          className={WORDED}
          aria-label={`Subscriptions over ${ROADS[road]}`}
          title={`Subscriptions over ${ROADS[road]}`}
        >
          <LiveIcon />
          {road === 'websocket' ? 'WS' : 'SSE'}
        </button>
      }
    >
      {Object.entries(ROADS).map(([name, label]) => (
        <ToolbarMenu.Item key={name} onSelect={() => choose(name as Road)}>
          {name === road ? '● ' : '○ '}
          {label}
        </ToolbarMenu.Item>
      ))}
    </ToolbarMenu>
  )
}

function LiveIcon() {
  return (
    <svg viewBox="0 0 20 20" fill="none" stroke="currentColor" strokeWidth="1.5" strokeLinecap="round" aria-hidden="true">
      <circle cx="10" cy="10" r="1.5" fill="currentColor" />
      <path d="M6.500 13.500a5 5 0 0 1 0-7M13.500 6.500a5 5 0 0 1 0 7M4 16a8.500 8.500 0 0 1 0-12M16 4a8.500 8.500 0 0 1 0 12" />
    </svg>
  )
}
