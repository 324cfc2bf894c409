/** An operation in, something to paste out: a link to this page, a curl command, a fetch call. */

export interface Operation {
  query: string
  variables?: string
  headers?: string
}

/** Return the address of this page with the operation behind the `#`, where no server sees it; headers stay out. */
export function link({ query, variables }: Operation, page: URL = new URL(location.href)): string {
  const parts = new URLSearchParams({ query })
  if (variables?.trim()) parts.set('variables', variables)
  return `${page.origin}${page.pathname}#${parts}`
}

/** Return the operation of a link, or undefined where there is none. */
export function linked(hash: string): Operation | undefined {
  const parts = new URLSearchParams(hash.replace(/^#/, ''))
  const query = parts.get('query')
  if (query === null) return undefined
  return { query, variables: parts.get('variables') ?? undefined }
}

/** Return a command for a POSIX shell. */
export function curl(operation: Operation, endpoint: string): string {
  const headers = Object.entries({ 'content-type': 'application/json', ...parsed(operation.headers) })
  const lines = headers.map(([name, value]) => `  -H ${quoted(`${name}: ${String(value)}`)}`)
  return [`curl ${quoted(endpoint)}`, ...lines, `  --data ${quoted(body(operation))}`].join(' \\\n')
}

/** Return a statement for browsers and Node. */
export function fetching(operation: Operation, endpoint: string): string {
  const headers = { 'content-type': 'application/json', ...parsed(operation.headers) }
  return `const response = await fetch(${JSON.stringify(endpoint)}, {
  method: 'POST',
  headers: ${JSON.stringify(headers, null, 2).replaceAll('\n', '\n  ')},
  body: JSON.stringify(${JSON.stringify(JSON.parse(body(operation)), null, 2).replaceAll('\n', '\n  ')}),
})
const { data, errors } = await response.json()
`
}

function body({ query, variables }: Operation): string {
  const given = parsed(variables)
  return JSON.stringify(Object.keys(given).length > 0 ? { query, variables: given } : { query })
}

/** Read an editor's JSON; what is not (yet) an object counts as empty. */
export function parsed(text: string | undefined): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text ?? '')
    return typeof value === 'object' && value !== null ? { ...value } : {}
  } catch {
    return {}
  }
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`
}
