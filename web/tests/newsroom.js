/** A real server with a copy of a newsroom, and a real browser that reaches nothing else and notes what it should not. */

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { cp, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { chromium } from 'playwright-core'
import { chromiumPath } from '../scripts/chromium.js'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
export const EXAMPLE = join(ROOT, 'examples/newsroom')
export const COMMAND = process.env.BROADSHEET ?? join(ROOT, '.venv/bin/broadsheet')

/** @typedef {Awaited<ReturnType<typeof openNewsroom>>} Newsroom */

/**
 * Serve a copy of a folder of articles.
 * @param {string[]} options more of the command line
 * @param {string} source the folder
 */
export async function openNewsroom(options = [], source = EXAMPLE) {
  const home = await mkdtemp(join(tmpdir(), 'broadsheet-'))
  const folder = join(home, 'newsroom')
  await cp(source, folder, { recursive: true })
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const store = join(home, 'store.json')
  let server = await serve()
  return {
    url,
    /** @param {string} name @param {string} text */
    async publish(name, text) {
      await mkdir(join(folder, '_news'), { recursive: true })
      await writeFile(join(folder, '_news', name), text)
    },
    /** Stop serving, and serve again after *meanwhile*. @param {() => Promise<unknown>} meanwhile */
    async restart(meanwhile) {
      await stop()
      await meanwhile()
      server = await serve()
    },
    /** Remove the store, which the folder is read into anew. */
    async forget() {
      const names = await readdir(home)
      await Promise.all(names.filter((name) => name.startsWith('store.json')).map((name) => rm(join(home, name))))
    },
    async close() {
      await stop()
      await rm(home, { recursive: true, force: true })
    },
  }

  async function serve() {
    const started = spawn(COMMAND, ['serve', folder, '--store', store, '--port', String(port), '--watch', ...options])
    let log = ''
    started.stdout.on('data', (text) => (log += text))
    started.stderr.on('data', (text) => (log += text))
    await until(async () => {
      assert.equal(started.exitCode, null, log)
      return (await fetch(`${url}/`).catch(() => undefined))?.ok
    })
    return started
  }

  async function stop() {
    server.kill('SIGTERM')
    await new Promise((resolve) => (server.exitCode === null ? server.once('exit', resolve) : resolve(undefined)))
  }
}

/** A name of this machine that browsers do not take for it: what comes from there by plain HTTP is not secure. */
export const ELSEWHERE = 'newsroom.test'

/** Start the browser that all tests of a file share, cut off from every other host. */
export function openBrowser() {
  const hosts = `MAP ${ELSEWHERE} 127.0.0.1, MAP * ~NOTFOUND, EXCLUDE 127.0.0.1`
  return chromium.launch({ executablePath: chromiumPath(), args: ['--no-sandbox', `--host-resolver-rules=${hosts}`] })
}

/**
 * Open a page at *url*; `complaints` gathers console errors, exceptions and requests to other hosts.
 * @param {import('playwright-core').Browser} browser
 * @param {string} url
 * @param {import('playwright-core').BrowserContextOptions} [options]
 */
export async function openPage(browser, url, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, reducedMotion: 'reduce', ...options })
  const page = await context.newPage()
  page.setDefaultTimeout(60_000) // a busy machine says nothing about a page
  /** @type {string[]} */
  const complaints = []
  page.on('console', (message) => message.type() === 'error' && complaints.push(`console: ${message.text()}`))
  page.on('pageerror', (error) => complaints.push(`exception: ${error.message}`))
  page.on('request', (request) => {
    const { host, protocol } = new URL(request.url())
    if (host !== new URL(url).host && protocol.startsWith('http')) complaints.push(`foreign: ${request.url()}`)
  })
  await page.goto(url)
  return { page, complaints, close: () => context.close() }
}

/**
 * Publish articles with this title, one after the other, until *seen* holds: a subscription hears what comes after it, and
 * nobody outside can tell when it began.
 * @param {Newsroom} newsroom @param {string} title @param {Promise<unknown>} seen
 */
export async function publishUntil(newsroom, title, seen) {
  let isSeen = false
  const over = seen.finally(() => (isSeen = true))
  for (let turn = 0; !isSeen; turn++) {
    await publishTitle(newsroom, title, turn)
    await Promise.race([over, pause(500)])
  }
  await over
}

/** Publish one article with this title. @param {Newsroom} newsroom @param {string} title */
export async function publishTitle(newsroom, title, turn = 0) {
  const head = ['publishedDateTime: 2026-11-23T05:00:00Z', `title: "${title}"`, 'provider:', '  domain: citydesk.example']
  await newsroom.publish(`2026-11-23-${encodeURIComponent(title)}-${turn}.md`, `---\n${head.join('\n')}\n---\n`)
}

/** Wait until something holds. @param {() => Promise<unknown>} condition */
export async function until(condition) {
  const end = Date.now() + 60_000
  while (!(await condition())) {
    assert.ok(Date.now() < end, 'it never came to hold')
    await pause(100)
  }
}

/** @returns {Promise<number>} */
function freePort() {
  return new Promise((resolve) => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const address = probe.address()
      probe.close(() => resolve(typeof address === 'object' && address ? address.port : 0))
    })
  })
}
