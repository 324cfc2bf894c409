/** What somebody who asks does: run an example, write a query, watch changes, take an operation along. */

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, afterEach, before, beforeEach, describe, it } from 'node:test'
import { COMMAND, ELSEWHERE, EXAMPLE, openBrowser, openNewsroom, openPage, publishUntil } from './newsroom.js'

const REAL = new URL('../../../shared/corpus/powerapps', import.meta.url).pathname

/** @type {string} */ let home
/** @type {string} */ let key
/** @type {import('playwright-core').Browser} */ let browser
before(async () => {
  home = await mkdtemp(join(tmpdir(), 'broadsheet-'))
  key = execFileSync(COMMAND, ['keys', 'add', 'desk', '--scope', 'drafts:read', '--file', join(home, 'keys')], { encoding: 'utf8' }).trim()
  browser = await openBrowser()
})
after(async () => {
  await browser?.close()
  await rm(home, { recursive: true, force: true })
})

/** @param {import('playwright-core').Page} page */
const ready = (page) => page.locator('.graphiql-query-editor .view-line').first().waitFor()
/** @param {import('playwright-core').Page} page */
const run = (page) => page.getByRole('button', { name: /^Execute query/ }).click()
/** @param {import('playwright-core').Page} page @param {RegExp} words */
const answered = (page, words) => page.locator('.result-window .view-lines').filter({ hasText: words }).waitFor()
/** @param {import('playwright-core').Page} page @param {string} editor @param {string} text */
async function write(page, editor, text) {
  await page.locator(`${editor} .view-line:visible`).first().click()
  await page.keyboard.press('Control+A')
  await page.keyboard.press('Delete')
  await page.keyboard.type(text, { delay: 5 })
}
/** @param {string} query */
const asking = (query) => `#${new URLSearchParams({ query })}`
/** @param {import('playwright-core').Page} page @param {string} form */
async function copied(page, form) {
  await page.getByRole('button', { name: 'Copy the operation' }).click()
  await page.getByRole('menuitem', { name: form }).click()
  await page.getByText('✓').waitFor()
}

describe('the examples', () => {
  const stores = { 'the example newsroom': EXAMPLE, 'a store without articles': undefined, 'real articles': REAL }
  for (const [name, folder] of Object.entries(stores)) {
    it(`are ten, and each runs on ${name}`, { skip: folder !== undefined && !existsSync(folder) }, async () => {
      const newsroom = await openNewsroom([], folder ?? (await mkdtemp(join(home, 'nothing-'))))
      const { page, complaints, close } = await openPage(browser, `${newsroom.url}/graphql`)
      await ready(page)
      const tabs = page.getByRole('tab')
      assert.equal(await tabs.count(), 10)
      for (let index = 0; index < 9; index++) {
        await tabs.nth(index).click()
        await run(page)
        await answered(page, /"data"/)
        assert.doesNotMatch(await page.locator('.result-window .view-lines').innerText(), /"errors"/)
      }
      await tabs.nth(9).click()
      await run(page)
      await page.getByRole('button', { name: /^Stop/ }).click()
      assert.doesNotMatch(await page.locator('.result-window .view-lines').innerText(), /"errors"/)
      await close()
      await newsroom.close()
      assert.deepEqual(complaints, [])
    })
  }
})

describe('the playground', () => {
  /** @type {import('./newsroom.js').Newsroom} */ let newsroom
  /** @type {Awaited<ReturnType<typeof openPage>>} */ let visit
  /** @type {import('playwright-core').Page} */ let page
  before(async () => {
    newsroom = await openNewsroom(['--keys-file', join(home, 'keys')])
  })
  after(() => newsroom?.close())
  beforeEach(async () => {
    visit = await openPage(browser, `${newsroom.url}/graphql`, { permissions: ['clipboard-read', 'clipboard-write'] })
    page = visit.page
    await ready(page)
  })
  afterEach(async () => {
    await visit.close()
    assert.deepEqual(visit.complaints, [])
  })

  it('runs a query that was typed', async () => {
    await write(page, '.graphiql-query-editor', '{ articles(first: 1) { nodes { title } } }')
    await run(page)
    await answered(page, /fleet.of.floats/)
  })

  it('says where the answer will be, until there is one', async () => {
    const says = () => page.locator('.result-window').evaluate((place) => getComputedStyle(place, '::before').content)
    assert.match(await says(), /the answer comes here/)
    await run(page)
    await answered(page, /"data"/)
    assert.equal(await says(), 'none')
  })

  it('shows the documentation', async () => {
    await page.getByRole('button', { name: /Documentation Explorer/ }).click()
    await page.getByRole('link', { name: 'Query' }).first().click()
    await page.locator('.graphiql-plugin').getByText('newest first, unless the filter or the order say otherwise').waitFor()
  })

  /** @type {[number, number][]} */
  const phones = [[320, 640], [360, 740], [390, 844], [700, 900]]
  for (const [width, height] of phones) {
    for (const panel of ['Documentation Explorer', 'History', 'GraphiQL Explorer']) {
      it(`leaves the editor to be written in beside ${panel} on a phone of ${width} pixels`, async () => {
        await page.setViewportSize({ width, height })
        await page.getByRole('button', { name: `Show ${panel}` }).click()
        const shown = page.locator('.graphiql-plugin')
        await shown.locator(':scope > *').first().waitFor()
        for (const part of [shown, page.locator('.graphiql-query-editor'), page.locator('.graphiql-response')]) {
          const box = await part.boundingBox()
          assert.ok(box && box.width > width - 20 && box.height >= 100, JSON.stringify(box))
          assert.ok(box.x >= 0 && box.y >= 0 && box.x + box.width <= width && box.y + box.height <= height, JSON.stringify(box))
        }
        await write(page, '.graphiql-query-editor', '{ __typename }')
        await run(page)
        await answered(page, /"Query"/)
        await page.getByRole('button', { name: `Hide ${panel}` }).click()
        await page.locator('.graphiql-editor-tools').waitFor()
        assert.ok(((await page.locator('.graphiql-query-editor').boundingBox())?.y ?? height) < 100)
      })
    }
  }

  it('composes a query in the explorer', async () => {
    await page.getByRole('button', { name: /GraphiQL Explorer/ }).click()
    await page.locator('.graphiql-explorer-root').getByText('totalCount').first().click()
    await page.locator('.graphiql-query-editor .view-lines', { hasText: /totalCount/ }).waitFor()
  })

  it('turns dark and light by its settings', async () => {
    const paper = () => page.locator('.graphiql-container').evaluate((root) => getComputedStyle(root).backgroundColor)
    const before = await paper()
    await page.getByRole('button', { name: 'Open settings dialog' }).click()
    await page.getByRole('button', { name: 'Dark' }).click()
    await page.waitForFunction(() => document.body.classList.contains('graphiql-dark'))
    assert.notEqual(await paper(), before)
    await page.getByRole('button', { name: 'Light' }).click()
    await page.waitForFunction(() => document.body.classList.contains('graphiql-light'))
    assert.equal(await paper(), before)
  })

  for (const [road, name] of /** @type {const} */ ([['WebSocket', 'WebSocket'], ['SSE', 'Event stream (SSE)']])) {
    it(`shows a change as it happens, over ${road}`, async () => {
      const sockets = /** @type {string[]} */ ([])
      page.on('websocket', (socket) => sockets.push(socket.url()))
      await page.getByRole('button', { name: /^Subscriptions over/ }).click()
      await page.getByRole('menuitem', { name }).click()
      await page.getByRole('tab').last().click()
      await run(page)
      await page.getByRole('button', { name: /^Stop/ }).waitFor()
      const title = `Heard over ${road}`
      await publishUntil(newsroom, title, answered(page, new RegExp(title.replaceAll(' ', '.'))))
      await page.getByRole('button', { name: /^Stop/ }).click()
      assert.equal(sockets.length, road === 'WebSocket' ? 1 : 0)
    })
  }

  it('sends the headers of its editor, such as an API key, and copies them with the operation', async () => {
    await page.goto('about:blank')
    await page.goto(`${newsroom.url}/graphql${asking('{ articles(filter: { published: false }) { totalCount } }')}`)
    await ready(page)
    await run(page)
    await answered(page, /"totalCount":.0/)
    await page.getByRole('button', { name: 'Headers' }).click()
    await write(page, '.graphiql-editor-tool', `{ "X-API-Key": "${key}`)
    await run(page)
    await answered(page, /"totalCount":.2/)
    await copied(page, 'Copy as curl')
    assert.deepEqual(curled(await page.evaluate(() => navigator.clipboard.readText())), { articles: { totalCount: 2 } })
  })

  it('copies an operation as a link that opens it, and as curl and fetch that run', async () => {
    const query = "query Copied($words: String!) {\n  # it's quoted\n  articles(first: 1, search: { query: $words }) { nodes { title } }\n}"
    await page.goto('about:blank')
    await page.goto(`${newsroom.url}/graphql${asking(query)}&variables=${encodeURIComponent('{ "words": "\\"battery ferry\\"" }')}`)
    await ready(page)
    const read = () => page.evaluate(() => navigator.clipboard.readText())
    const answer = { articles: { nodes: [{ title: 'The battery ferry crosses in fog' }] } }
    await copied(page, 'Copy as curl')
    assert.deepEqual(curled(await read()), answer)
    await page.getByText('✓').waitFor({ state: 'detached' })
    await copied(page, 'Copy as fetch')
    const program = `${await read()}\nconsole.log(JSON.stringify({ data, errors }))`
    const printed = execFileSync('node', ['--input-type=module', '--eval', program], { encoding: 'utf8' })
    assert.deepEqual(JSON.parse(printed), { data: answer })
    await page.getByText('✓').waitFor({ state: 'detached' })
    await copied(page, 'Copy as link')
    const second = await openPage(browser, await read())
    await second.page.locator('.graphiql-query-editor .view-lines', { hasText: /query.Copied/ }).waitFor()
    await run(second.page)
    await answered(second.page, /battery.ferry.crosses/)
    await second.close()
    assert.deepEqual(second.complaints, [])
  })

  it('copies where the page came by plain HTTP from another machine', async () => {
    const there = await openPage(browser, newsroom.url.replace('127.0.0.1', ELSEWHERE) + '/graphql')
    await ready(there.page)
    assert.equal(await there.page.evaluate(() => isSecureContext), false)
    await copied(there.page, 'Copy as link')
    await there.page.locator('.graphiql-editor-tool .view-line:visible').first().click()
    await there.page.keyboard.press('Control+V')
    await there.page.locator('.graphiql-editor-tool .view-lines', { hasText: `http://${ELSEWHERE}` }).waitFor()
    await there.close()
    assert.deepEqual(there.complaints, [])
  })
})

/** Run a copied command as its reader would, and return the data that it prints. @param {string} command */
function curled(command) {
  const { data, errors } = JSON.parse(execFileSync('sh', ['-c', `${command} --silent`], { encoding: 'utf8' }))
  assert.equal(errors, undefined)
  return data
}
