/** The reader's road to the API: operations by their hash over GET, and one subscription over WebSocket. */

import { persistedExchange } from '@urql/exchange-persisted'
import { cacheExchange, Client, fetchExchange } from 'urql'

const ENDPOINT = '/graphql'

/** Documents carry the hash that codegen gave them. */
interface Hashed {
  __meta__?: { hash: string }
}

export const client = new Client({
  url: ENDPOINT,
  requestPolicy: 'cache-and-network',
  fetch: fetchPersisted,
  exchanges: [
    cacheExchange,
    persistedExchange({
      preferGetForPersistedQueries: true,
      enforcePersistedQueries: true, // fetchPersisted sees to documents that the server does not know
      generateHash: async (_, document) => (document as Hashed).__meta__?.hash,
    }),
    fetchExchange,
  ],
})

/** Send an operation by its hash; once, in whole, where the server has not met it yet. */
async function fetchPersisted(input: RequestInfo | URL, init?: RequestInit): Promise<Response> {
  const response = await fetch(input, init)
  if (!(await isUnknown(response.clone()))) return response
  const asked = new URL(String(input), location.href).searchParams
  const extensions = JSON.parse(asked.get('extensions') ?? '{}')
  return fetch(ENDPOINT, {
    method: 'POST',
    headers: { accept: 'application/graphql-response+json', 'content-type': 'application/json' },
    body: JSON.stringify({
      query: await documentText(extensions.persistedQuery.sha256Hash),
      operationName: asked.get('operationName'),
      variables: JSON.parse(asked.get('variables') ?? '{}'),
      extensions,
    }),
    signal: init?.signal,
  })
}

async function isUnknown(response: Response): Promise<boolean> {
  const answer = await response.json().catch(() => ({}))
  return /^PERSISTED_QUERY_NOT_/.test(answer.errors?.[0]?.extensions?.code ?? '')
}

/** Return the text behind a hash. */
export async function documentText(hash: string): Promise<string> {
  const { default: documents } = await import('../gql/persisted-documents.json')
  const text = (documents as Record<string, string>)[hash]
  if (text === undefined) throw new Error(`no document has the hash ${hash}`)
  return text
}
