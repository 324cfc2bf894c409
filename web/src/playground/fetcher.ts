/** Operations out, answers in: queries by POST, subscriptions over WebSocket or as an event stream. */

import type { Fetcher, FetcherOpts, FetcherParams } from '@graphiql/toolkit'
import { type ExecutionResult, Kind, type OperationTypeNode, parse } from 'graphql'
import { createClient as createStreamClient } from 'graphql-sse'
import { createClient as createSocketClient } from 'graphql-ws'

export type Road = 'websocket' | 'events'

const ENDPOINT = new URL('/graphql', location.href)

/** Return a fetcher whose subscriptions take the road that *road* names at the time. */
export function fetcher(road: () => Road): Fetcher {
  return (given, options) => {
    const [kind, parameters] = understood(given)
    if (kind !== 'subscription') return post(parameters, options)
    return road() === 'websocket' ? socket(parameters, options) : events(parameters, options)
  }
}

/**
 * Return what kind of operation is meant, and the parameters without a name that is not needed: where there is one
 * operation, the editor's idea of its name may still be that of the tab before.
 */
function understood(parameters: FetcherParams): [OperationTypeNode | undefined, FetcherParams] {
  try {
    const operations = parse(parameters.query).definitions.filter((each) => each.kind === Kind.OPERATION_DEFINITION)
    const [only, ...others] = operations
    if (only && others.length === 0) return [only.operation, { ...parameters, operationName: undefined }]
    return [operations.find(({ name }) => name?.value === parameters.operationName)?.operation, parameters]
  } catch {
    return [undefined, parameters] // the server says what is wrong with it
  }
}

async function post(parameters: FetcherParams, options?: FetcherOpts) {
  const response = await fetch(ENDPOINT, {
    method: 'POST',
    headers: {
      accept: 'application/graphql-response+json, application/json',
      'content-type': 'application/json',
      ...options?.headers,
    },
    body: JSON.stringify(parameters),
  })
  return response.json()
}

function socket(parameters: FetcherParams, options?: FetcherOpts) {
  const url = new URL(ENDPOINT)
  url.protocol = url.protocol.replace('http', 'ws')
  const client = createSocketClient({ url: url.href, connectionParams: options?.headers, lazy: true, retryAttempts: 0 })
  return client.iterate(request(parameters)) as AsyncIterableIterator<ExecutionResult>
}

function events(parameters: FetcherParams, options?: FetcherOpts) {
  const client = createStreamClient({ url: ENDPOINT.href, headers: options?.headers, retryAttempts: 0 })
  return client.iterate(request(parameters)) as AsyncIterableIterator<ExecutionResult>
}

function request({ query, operationName, variables }: FetcherParams) {
  return { query, operationName: operationName ?? undefined, variables }
}
