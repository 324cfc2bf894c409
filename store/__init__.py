"""Stores news articles: reads files into documents, keeps documents durably, and answers what is asked about them.

Nothing in this package knows of GraphQL or of HTTP. Where a change belongs:

- `store.files`: folders of article files; how a file is found, parsed, checked, ingested, exported and written back
- `store.tiny.disk`: the files of a store; write-ahead log (the journal), snapshot, compaction, locks, recovery
- `store.tiny.search`: full text; the index, words, highlights
- `store.tiny.memory`: what answers; indexes, filters, orders, pages, facets, links, providers and topics
- `store.tiny`: the store that joins these; edits, announced changes, the turns of readers and writer
- beside this file, for all of them: `base` (what a store promises), `article` (what it answers with), `criteria` (what
  may be asked), `errors`, `text`, `urls`, `parent`

Imports point one way: `tiny` → `tiny.memory` → `tiny.search` and `tiny.disk` → `files` → the modules beside this file.
A new field of Article starts in `article`, `files.keys` (its type) and `files.entities` (its value); one to filter or
order by goes on to `criteria`, `tiny.memory.predicates` and `tiny.memory.orders`. A large one that is seldom read, as
`body` is, needs its type alone, and is read from the document. Where the same file now means another document, raise
`files.documents.EDITION`, so that an ingest reads it again.
"""
