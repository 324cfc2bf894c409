/** Two pages, one build: the reader and the playground, into the Python package, beside their gzipped forms. */

import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import react from '@vitejs/plugin-react'
import { defineConfig, type Plugin, type Rolldown } from 'vite'

const API = process.env.BROADSHEET_URL ?? 'http://127.0.0.1:8000'

export default defineConfig({
  base: '/web/',
  plugins: [react(), withoutRoboto(), gzipped()],
  build: {
    outDir: '../graph/web',
    emptyOutDir: true,
    target: 'es2022',
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0, // no data: addresses, so that the policy needs none
    chunkSizeWarningLimit: 5000, // the playground's editor is that large
    rolldownOptions: { input: ['reader.html', 'playground.html'], onLog: withoutDirectives },
  },
  server: {
    proxy: { '/graphql': { target: API, ws: true }, '/assets': API },
  },
})

/** Pass on what the bundler says, but for “use no memo”: it speaks to a compiler that React's packages have been through. */
function withoutDirectives(level: Rolldown.LogLevel, log: Rolldown.RolldownLog, tell: Rolldown.LogOrStringHandler): void {
  if (log.code !== 'MODULE_LEVEL_DIRECTIVE') tell(level, log)
}

/** Leave out the typeface that GraphiQL's styles carry in themselves, 350 kB of it: the page brings its own. */
function withoutRoboto(): Plugin {
  return {
    name: 'without-roboto',
    enforce: 'pre',
    transform: {
      filter: { id: /graphiql.*\.css$/ },
      handler: (code) => code.replace(/@font-face\s*\{[^}]*font-family:\s*["']?Roboto[^}]*\}/g, ''),
    },
  }
}

/** Write FILE.gz beside each text file, so that the server compresses nothing twice. */
function gzipped(): Plugin {
  return {
    name: 'gzipped',
    apply: 'build',
    async writeBundle({ dir = '' }) {
      const files = await readdir(dir, { recursive: true })
      const texts = files.filter((file) => /\.(html|js|css|svg|json|ttf)$/.test(file))
      await Promise.all(
        texts.map(async (file) => {
          const path = join(dir, file)
          await writeFile(`${path}.gz`, await promisify(gzip)(await readFile(path), { level: 9 }))
        }),
      )
    },
  }
}
