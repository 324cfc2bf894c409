/** What a page says when it has nothing to show. */

import type { ReactNode } from 'react'
import type { CombinedError } from 'urql'
import { Link, useLocation } from 'wouter'

export function Notice({ error, children }: { error?: CombinedError; children?: ReactNode }) {
  const [place] = useLocation()
  if (!error) {
    return (
      <div className="notice">
        <p>{children}</p>
        {place !== '/' && (
          <p>
            <Link href="/">To the newest articles</Link>
          </p>
        )}
      </div>
    )
  }
  const words = error.networkError ? 'The server does not answer.' : error.graphQLErrors[0]?.message
  return (
    <p className="notice" role="alert">
      {words} <button type="button" className="plain" onClick={() => location.reload()}>Try again</button>
    </p>
  )
}
