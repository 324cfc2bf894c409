/**
 * The schema and the reader's documents in, their types out; and each document under its SHA-256, for a server that
 * trusts no others.
 */

import { createHash } from 'node:crypto'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import type { CodegenConfig } from '@graphql-codegen/cli'

const GENERATED = 'src/gql/'
const DOCUMENTS = 'public/documents/'

const config: CodegenConfig = {
  schema: process.env.SCHEMA ?? '../schema.graphql',
  documents: 'src/reader/**/*.{ts,tsx}',
  generates: {
    [GENERATED]: {
      preset: 'client',
      presetConfig: {
        fragmentMasking: false,
        persistedDocuments: { hashAlgorithm: sha256 },
      },
      config: {
        enumsAsTypes: true,
        scalars: { DateTime: 'string', URL: 'string', JSON: 'unknown' },
        strictScalars: true,
        useTypeImports: true,
      },
    },
  },
  hooks: { afterAllFileWrite: [spread] },
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

/** Write each persisted document as `HASH.graphql`. */
async function spread(): Promise<void> {
  const documents: Record<string, string> = JSON.parse(await readFile(`${GENERATED}persisted-documents.json`, 'utf8'))
  await rm(DOCUMENTS, { recursive: true, force: true })
  await mkdir(DOCUMENTS, { recursive: true })
  await Promise.all(Object.entries(documents).map(([hash, text]) => writeFile(`${DOCUMENTS}${hash}.graphql`, text)))
}

export default config
