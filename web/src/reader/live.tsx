/** What changes in the store while the page is open, in order and without gaps; any component may listen. */

import { createClient } from 'graphql-ws'
import { createContext, type ReactNode, use, useEffect, useState } from 'react'
import type { LiveSubscription } from '../gql/graphql'
import { documentText } from './client'
import { Live } from './documents'

type Change = LiveSubscription['changes']
export type Arrival = NonNullable<Change['article']>

const MOST = 20
const Arrivals = createContext<readonly Arrival[]>([])

/** Return the articles that were added since the page was opened, newest first. */
export function useArrivals(): readonly Arrival[] {
  return use(Arrivals)
}

export function LiveArrivals({ children }: { children: ReactNode }) {
  const [arrivals, setArrivals] = useState<readonly Arrival[]>([])
  useEffect(() => follow((change) => setArrivals((known) => updated(known, change))), [])
  return <Arrivals value={arrivals}>{children}</Arrivals>
}

function updated(known: readonly Arrival[], { kind, articleId, article }: Change): readonly Arrival[] {
  const others = known.filter(({ id }) => id !== articleId)
  if (kind === 'ADDED' && article) return [article, ...others].slice(0, MOST)
  if (kind === 'REMOVED') return others
  return known.map((each) => (each.id === articleId && article ? article : each))
}

/** Call *listener* with every change from now on, across lost connections; return how to stop. */
function follow(listener: (change: Change) => void): () => void {
  const url = new URL('/graphql', location.href)
  url.protocol = url.protocol.replace('http', 'ws')
  const socket = createClient({ url: url.href, retryAttempts: Number.MAX_SAFE_INTEGER, shouldRetry: () => true })
  const stopped = new AbortController()
  void listen()
  return () => {
    stopped.abort()
    void socket.dispose()
  }

  async function listen() {
    const query = await documentText((Live as unknown as { __meta__: { hash: string } }).__meta__.hash)
    const variables: { since?: string } = {} // what is sent again after a lost connection, as it is by then
    while (!stopped.signal.aborted) {
      try {
        for await (const { data } of socket.iterate<LiveSubscription>({ query, variables })) {
          if (!data) return // refused: the page works on without
          variables.since = data.changes.seq
          listener(data.changes)
        }
      } catch {
        if (variables.since === undefined) return
        delete variables.since // the store is another one by now: on with what comes
      }
    }
  }
}
