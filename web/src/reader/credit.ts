/** Whom a page names as an article's source. */

interface Credited {
  byline: { provider?: string | null }
  provider: { name: string }
}

export const credit = ({ byline, provider }: Credited): string => byline.provider ?? provider.name
