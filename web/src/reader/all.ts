/** Everything that a connection holds, for lists of names: page by page, shown as far as they have come. */

import { useEffect, useState } from 'react'
import { type CombinedError, type TypedDocumentNode, useClient } from 'urql'

interface Connection<Node> {
  nodes: readonly Node[]
  pageInfo: { hasNextPage: boolean; endCursor?: string | null }
}

/** Return the nodes so far, undefined before the first page; or why there are none. Give constants as arguments. */
export function useAll<Data, Node>(
  document: TypedDocumentNode<Data, { after?: string | null }>,
  connection: (data: Data) => Connection<Node>,
): { nodes?: readonly Node[]; error?: CombinedError } {
  const client = useClient()
  const [nodes, setNodes] = useState<readonly Node[]>()
  const [error, setError] = useState<CombinedError>()
  useEffect(() => {
    const left = new AbortController()
    void read()
    return () => left.abort()

    async function read() {
      let after: string | null | undefined
      let all: readonly Node[] = []
      do {
        const answer = await client.query(document, { after }).toPromise()
        if (left.signal.aborted) return
        if (!answer.data) return setError(answer.error)
        const page = connection(answer.data)
        all = [...all, ...page.nodes]
        setNodes(all)
        after = page.pageInfo.hasNextPage ? page.pageInfo.endCursor : undefined
      } while (after)
    }
  }, [client, document, connection])
  return { nodes, error }
}
