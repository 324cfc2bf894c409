/** An article's own text: Markdown or HTML in, markup without scripts, frames and styles out. */

import DOMPurify from 'dompurify'
import { micromark } from 'micromark'
import { gfmTable, gfmTableHtml } from 'micromark-extension-gfm-table'
import { useMemo } from 'react'

const FORBIDDEN = { FORBID_TAGS: ['style', 'form', 'input', 'button', 'h1'], FORBID_ATTR: ['style', 'class', 'id'] }

export default function Body({ text, path }: { text: string; path: string }) {
  const html = useMemo(() => {
    const markup = path.endsWith('.html') ? text : micromark(text, { extensions: [gfmTable()], htmlExtensions: [gfmTableHtml()] })
    return DOMPurify.sanitize(markup, FORBIDDEN)
  }, [text, path])
  return <div className="body" dir="auto" dangerouslySetInnerHTML={{ __html: html }} />
}
