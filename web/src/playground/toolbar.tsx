/** What the toolbar adds: take the operation along, and choose the road of subscriptions. */

import { CopyIcon, ToolbarMenu, useGraphiQL } from '@graphiql/react'
import { useState } from 'react'
import type { Road } from './fetcher'
import { curl, fetching, link, type Operation } from './sharing'

const ENDPOINT = new URL('/graphql', location.href).href
const KEPT = 'broadsheet:road'
const ROADS: Record<Road, string> = { websocket: 'WebSocket', events: 'Event stream (SSE)' }
const FORMS: Record<string, (operation: Operation) => string> = {
  'Copy as link': (operation) => link(operation),
  'Copy as curl': (operation) => curl(operation, ENDPOINT),
  'Copy as fetch': (operation) => fetching(operation, ENDPOINT),
}

/** Return the road that subscriptions take from now on. */
export function currentRoad(): Road {
  return localStorage.getItem(KEPT) === 'events' ? 'events' : 'websocket'
}

export function CopyMenu() {
  const { queryEditor, variableEditor, headerEditor } = useGraphiQL((state) => state)
  const [copied, setCopied] = useState(false)
  async function copy(form: (operation: Operation) => string) {
    const [query = '', variables, headers] = [queryEditor, variableEditor, headerEditor].map((e) => e?.getValue())
    await navigator.clipboard.writeText(form({ query, variables, headers }))
    setCopied(true)
    setTimeout(setCopied, 1500, false)
  }
  return (
    <ToolbarMenu
      button={
        <button type="button" className="graphiql-un-styled graphiql-toolbar-button" aria-label="Copy the operation">
          {copied ? <span aria-live="polite">✓</span> : <CopyIcon className="graphiql-toolbar-icon" aria-hidden="true" />}
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
          className="graphiql-un-styled graphiql-toolbar-button road"
          aria-label={`Subscriptions over ${ROADS[road]}`}
        >
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
