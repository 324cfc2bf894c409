/** Where things are in the reader: records in, addresses out. */

/** Where the playground is, or undefined on a server that has none. */
export const PLAYGROUND = document.querySelector('meta[name="broadsheet:playground"]')?.getAttribute('content') ?? undefined

const encoded = (path: string) => path.split('/').map(encodeURIComponent).join('/')

export const articleAddress = (path: string) => `/article/${encoded(path)}`
export const topicAddress = (slug: string) => `/topic/${encoded(slug)}`
export const providerAddress = (domain: string) => `/provider/${encodeURIComponent(domain)}`

/** Return the address of a search, with its narrowing. */
export function searchAddress(words: string, narrowing: { topic?: string; provider?: string } = {}): string {
  const parts = new URLSearchParams({ q: words })
  for (const [key, value] of Object.entries(narrowing)) if (value) parts.set(key, value)
  return `/search?${parts}`
}
