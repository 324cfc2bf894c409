/** What somebody who asks does: run an example, write a query, watch changes, take an operation along. */

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { after, afterEach, before, beforeEach, describe, it } from 'node:test'
import { openBrowser, openNewsroom, openPage } from './newsroom.js'

describe('the playground', () => {
  /** @type {import('./newsroom.js').Newsroom} */ let newsroom
  /** @type {import('playwright-core').Browser} */ let browser
  /** @type {Awaited<ReturnType<typeof openPage>>} */ let visit
  before(async () => {
    newsroom = await openNewsroom()
    browser = await openBrowser()
  })
  after(async () => {
    await browser?.close()
    await newsroom?.close()
  })
  beforeEach(async () => {
    const permissions = ['clipboard-read', 'clipboard-write']
    visit = await openPage(browser, `${newsroom.url}/graphql`, { permissions })
    await visit.page.locator('.graphiql-query-editor .view-line').first().waitFor()
  })
  afterEach(async () => {
    await visit.close()
    assert.deepEqual(visit.complaints, [])
  })

  const run = () => visit.page.getByRole('button', { name: /^Execute query/ }).click()
  /** @param {RegExp} words */
  async function answered(words) {
    const shown = visit.page.locator('.result-window .view-lines')
    await shown.filter({ hasText: words }).waitFor({ timeout: 10_000 })
  }
  /** @param {string} query */
  async function write(query) {
    await visit.page.locator('.graphiql-query-editor .view-line').first().click()
    await visit.page.keyboard.press('Control+A')
    await visit.page.keyboard.press('Delete')
    await visit.page.keyboard.type(query, { delay: 5 })
  }

  it('brings ten examples, and each of them runs', async () => {
    const tabs = visit.page.getByRole('tab')
    assert.equal(await tabs.count(), 10)
    for (let index = 0; index < 9; index++) {
      await tabs.nth(index).click()
      await run()
      await answered(/"data"/)
      assert.doesNotMatch(await visit.page.locator('.result-window .view-lines').innerText(), /"errors"/)
    }
  })

  it('runs a query that was typed', async () => {
    await write('{ articles(first: 1) { nodes { title } } }')
    await run()
    await answered(/fleet.of.floats/)
  })

  it('shows the documentation', async () => {
    await visit.page.getByRole('button', { name: /Documentation Explorer/ }).click()
    await visit.page.getByRole('link', { name: 'Query' }).first().click()
    await visit.page.getByText('Delta sync').or(visit.page.getByText('articles')).first().waitFor()
  })

  for (const [road, name] of /** @type {const} */ ([['WebSocket', 'WebSocket'], ['SSE', 'Event stream (SSE)']])) {
    it(`shows a change as it happens, over ${road}`, async () => {
      const { page } = visit
      await page.getByRole('button', { name: /^Subscriptions over/ }).click()
      await page.getByRole('menuitem', { name }).click()
      await page.getByRole('tab').last().click()
      await run()
      await page.getByRole('button', { name: /^Stop/ }).waitFor()
      const title = `Heard over ${road}`
      const stop = new AbortController()
      const publishing = publishUntil(title, stop.signal)
      await answered(new RegExp(title.replaceAll(' ', '.')))
      stop.abort()
      await publishing
      await page.getByRole('button', { name: /^Stop/ }).click()
    })
  }

  /** A subscription hears what follows it, so news keeps coming until one was heard. @param {string} title @param {AbortSignal} heard */
  async function publishUntil(title, heard) {
    for (let turn = 0; !heard.aborted && turn < 20; turn++) {
      const head = `title: "${title}"\nwebUrl: "https://citydesk.example/${encodeURIComponent(title)}/${turn}"`
      await newsroom.publish(`2026-11-23-heard-${turn}.md`, `---\n${head}\nprovider:\n  domain: citydesk.example\n---\n`)
      await visit.page.waitForTimeout(500)
    }
  }

  it('copies an operation as a link that opens it, as curl that runs, and as fetch', async () => {
    const { page } = visit
    await write('query Copied { articles(first: 1) { nodes { path } } }')
    /** @param {string} form */
    const copied = async (form) => {
      await page.getByRole('button', { name: 'Copy the operation' }).click()
      await page.getByRole('menuitem', { name: form }).click()
      await page.getByText('✓').waitFor()
      await page.getByText('✓').waitFor({ state: 'detached' })
      return page.evaluate(() => navigator.clipboard.readText())
    }
    const curl = await copied('Copy as curl')
    const answer = JSON.parse(execFileSync('sh', ['-c', `${curl} --silent`], { encoding: 'utf8' }))
    assert.equal(answer.data.articles.nodes.length, 1)
    assert.match(await copied('Copy as fetch'), /^const response = await fetch\(/)
    const link = await copied('Copy as link')
    const second = await openPage(browser, link)
    await second.page.locator('.graphiql-query-editor .view-lines', { hasText: /query.Copied/ }).waitFor()
    await second.close()
    assert.deepEqual(second.complaints, [])
  })

  it('paints within a second and a half', async () => {
    const { page } = await openPage(browser, `${newsroom.url}/graphql`)
    const paint = await page.evaluate(
      () =>
        new Promise((resolve) => {
          new PerformanceObserver((list) => resolve(list.getEntries()[0]?.startTime)).observe({ type: 'paint', buffered: true })
        }),
    )
    assert.ok(Number(paint) < 1500, `${paint} ms`)
  })
})
