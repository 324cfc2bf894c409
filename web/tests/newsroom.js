/** A real server with a copy of a newsroom, and a real browser that reaches nothing else and notes what it should not. */

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
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
  const server = spawn(COMMAND, ['serve', folder, '--store', join(home, 'store.json'), '--port', String(port), '--watch', ...options])
  let log = ''
  server.stdout.on('data', (text) => (log += text))
  server.stderr.on('data', (text) => (log += text))
  const url = `http://127.0.0.1:${port}`
  await until(async () => {
    assert.equal(server.exitCode, null, log)
    return (await fetch(`${url}/`).catch(() => undefined))?.ok
  })
  return {
    url,
    /** @param {string} name @param {string} text */
    async publish(name, text) {
      await mkdir(join(folder, '_news'), { recursive: true })
      await writeFile(join(folder, '_news', name), text)
    },
    async close() {
      server.kill('SIGTERM')
      await new Promise((resolve) => (server.exitCode === null ? server.once('exit', resolve) : resolve(undefined)))
      await rm(home, { recursive: true, force: true })
    },
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
  page.setDefaultTimeout(30_000) // a busy machine says nothing about a page
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
    const head = ['publishedDateTime: 2026-11-23T05:00:00Z', `title: "${title}"`, 'provider:', '  domain: citydesk.example']
    await newsroom.publish(`2026-11-23-${encodeURIComponent(title)}-${turn}.md`, `---\n${head.join('\n')}\n---\n`)
    await Promise.race([over, pause(500)])
  }
  await over
}

/** @param {() => Promise<unknown>} condition */
async function until(condition, seconds = 30) {
  const end = Date.now() + seconds * 1000
  while (!(await condition())) {
    assert.ok(Date.now() < end, 'the server did not come up')
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
