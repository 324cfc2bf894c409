"""Makes batches of documents durable in the files of a store, which any number of processes share.

- a write: `storage`, under a `lock`, by a `group` commit, in a `transaction`, as a `record` of the `journal`
- a read: `reader` and its thread (`following`), `replica` (what was read so far), `catalog` (where documents are)
- the `snapshot` and its replacement by `compaction`; errors for files that cannot be read: `damage`
- tables and their content: `layout`, `digests`; TinyDB's own API: `table`; all system calls: `files`
"""
