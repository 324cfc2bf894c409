/** What a page says when it has nothing to show. */

import type { ReactNode } from 'react'
import type { CombinedError } from 'urql'

export function Notice({ error, children }: { error?: CombinedError; children?: ReactNode }) {
  if (!error) return <p className="notice">{children}</p>
  const words = error.networkError ? 'The server does not answer.' : error.graphQLErrors[0]?.message
  return (
    <p className="notice" role="alert">
      {words} <button type="button" className="plain" onClick={() => location.reload()}>Try again</button>
    </p>
  )
}
