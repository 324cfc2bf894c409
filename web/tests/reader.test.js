/** What a reader does: read, page, search, walk, and see news arrive. */

import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, afterEach, before, beforeEach, describe, it } from 'node:test'
import { openBrowser, openNewsroom, openPage, publishTitle, publishUntil, until } from './newsroom.js'

const FLOAT = '/article/_news/2026-11-22-float-fleet-learns-to-share-its-depth.md'
for (const [mode, options] of /** @type {const} */ ([
  ['an open server', []],
  ['a server that takes trusted documents only', ['--trusted-documents', '../graph/web/documents']],
])) {
  describe(`the reader on ${mode}`, () => {
    /** @type {import('./newsroom.js').Newsroom} */ let newsroom
    /** @type {import('playwright-core').Browser} */ let browser
    /** @type {Awaited<ReturnType<typeof openPage>>} */ let visit
    before(async () => {
      newsroom = await openNewsroom([...options])
      browser = await openBrowser()
    })
    after(async () => {
      await browser?.close()
      await newsroom?.close()
    })
    beforeEach(async () => {
      visit = await openPage(browser, newsroom.url)
      await visit.page.locator('.lead h2').waitFor()
    })
    afterEach(async () => {
      await visit.close()
      assert.deepEqual(visit.complaints, [])
    })

    it('shows the newest article first, with its picture and its provider', async () => {
      const { page } = visit
      const lead = page.locator('.lead')
      assert.equal(await lead.locator('h2').innerText(), 'A fleet of floats learns to share the deep')
      assert.match(await lead.innerText(), /Northern Float/)
      await page.waitForFunction(() => {
        const image = /** @type {HTMLImageElement | null} */ (document.querySelector('.lead img[src^="/pictures/"]'))
        return image && image.naturalWidth > 0
      })
    })

    it('pages on by itself, down to the last article', async () => {
      const { page } = visit
      let isOver = false
      const end = page.getByLabel('The end').waitFor().finally(() => (isOver = true))
      while (!isOver) {
        await page.mouse.wheel(0, 4000)
        await Promise.race([end, page.waitForTimeout(100)])
      }
      await end
      const titles = await page.locator('.story h2').allInnerTexts()
      assert.equal(new Set(titles).size, titles.length)
      assert.equal(titles.at(-1), 'NO')
      assert.ok(titles.length >= 45, `${titles.length} stories`)
    })

    it('finds words and marks them', async () => {
      const { page } = visit
      await page.keyboard.press('/')
      await page.keyboard.type('ferry')
      await page.keyboard.press('Enter')
      await page.getByRole('heading', { name: '“ferry”' }).waitFor()
      await page.locator('mark').first().waitFor()
      const marked = await page.locator('mark').allInnerTexts()
      assert.ok(marked.every((word) => /^ferr(y|ies)$/i.test(word)), marked.join())
    })

    it('opens a topic and a provider', async () => {
      const { page } = visit
      await page.getByRole('link', { name: 'Topics', exact: true }).click()
      await page.getByRole('link', { name: /^Sea Ice/ }).click()
      await page.getByRole('heading', { name: 'Sea Ice', level: 1 }).waitFor()
      await page.locator('.row .byline a', { hasText: 'Polar Notes' }).first().click()
      await page.getByRole('heading', { name: 'Polar Notes', level: 1 }).waitFor()
      assert.match(await page.locator('.section-head').innerText(), /Letters from stations/)
    })

    it('walks along related articles and opens the one it came to', async () => {
      const { page } = visit
      await page.getByRole('link', { name: 'A fleet of floats learns to share the deep' }).first().click()
      await page.getByRole('heading', { level: 1, name: /fleet of floats/ }).waitFor()
      await page.getByRole('button', { name: /^Walk to: The eddy that stayed all summer/ }).click()
      await page.locator('.here h3', { hasText: 'The eddy that stayed all summer' }).waitFor()
      await page.getByRole('button', { name: /^Walk to: The salt memory/ }).click()
      await page.locator('.here h3', { hasText: 'The salt memory' }).waitFor()
      await page.getByRole('link', { name: 'Read it' }).click()
      await page.getByRole('heading', { level: 1, name: /salt memory/ }).waitFor()
    })

    it('tells on a timeline when each related article came, and walks from there', async () => {
      const { page } = visit
      await page.getByRole('link', { name: 'A fleet of floats learns to share the deep' }).first().click()
      const moments = page.getByRole('figure', { name: /^From .+ to .+2026$/ }).locator('.moment')
      await moments.first().waitFor()
      const places = await moments.evaluateAll((all) => all.map((each) => parseFloat(each.style.left)))
      assert.ok(places.length > 2)
      assert.deepEqual([places[0], places.at(-1)], [2, 98])
      assert.deepEqual(places, [...places].sort((one, other) => one - other))
      await moments.first().hover()
      const spoken = await page.locator('.timeline .spoken', { hasText: ': ' }).innerText()
      const title = spoken.slice(spoken.indexOf(': ') + 2)
      await moments.first().click()
      await page.locator('.here h3', { hasText: title }).waitFor()
    })

    it('goes back to where it was', async () => {
      const { page } = visit
      await page.keyboard.press('j')
      await page.keyboard.press('Enter')
      await page.getByRole('heading', { level: 1, name: /fleet of floats/ }).waitFor()
      await page.goBack()
      await page.locator('.lead h2').waitFor()
    })

    it('steps through stories by keys, and says which keys there are', async () => {
      const { page } = visit
      const focused = () => page.evaluate(() => document.activeElement?.textContent)
      await page.keyboard.press('j')
      await page.keyboard.press('j')
      const second = await focused()
      await page.keyboard.press('k')
      assert.match((await focused()) ?? '', /fleet of floats/)
      await page.keyboard.press('j')
      assert.equal(await focused(), second)
      await page.keyboard.press('?')
      await page.getByRole('dialog', { name: 'Keys' }).waitFor()
      await page.keyboard.press('Escape')
      await page.getByRole('dialog', { name: 'Keys' }).waitFor({ state: 'hidden' })
      await page.keyboard.press('t')
      await page.getByRole('heading', { name: 'Topics', level: 1 }).waitFor()
    })

    it('leads on to its topic, and back from an address where nothing is', async () => {
      const { page } = visit
      await page.goto(`${newsroom.url}${FLOAT}`)
      await page.getByRole('region', { name: 'More on Ocean Instruments' }).getByRole('link').last().waitFor()
      await page.goto(`${newsroom.url}/topic/nowhere`)
      await page.getByRole('link', { name: 'To the newest articles' }).click()
      await page.locator('.lead h2').waitFor()
    })

    it('stands in with a placeholder where a picture does not load', async () => {
      const { page } = visit
      await page.route('**/pictures/**', (route) => route.fulfill({ status: 404 }))
      await page.route('https://newsroom.example/**', (route) => route.abort())
      await page.goto(newsroom.url + FLOAT)
      await page.locator('.reading svg.placeholder').waitFor()
      await page.waitForLoadState('networkidle')
      visit.complaints.length = 0 // the failures were made here
    })

    it('shows an article that arrives, without being asked', async () => {
      const { page } = visit
      const title = 'A whale reads the tide gauge'
      await publishUntil(newsroom, title, page.locator('.story.fresh h2', { hasText: title }).first().waitFor())
      await page.getByRole('status').first().filter({ hasText: /whale/ }).waitFor()
    })

    it('shows what arrived while the server was away, and what arrives once its store was made anew', async () => {
      const { page, complaints } = visit
      const arrived = (/** @type {string} */ word) => page.locator('.story.fresh h2', { hasText: word }).first().waitFor()
      await publishUntil(newsroom, 'A heron inspects the lock', arrived('heron'))
      await newsroom.restart(() => publishTitle(newsroom, 'An otter audits the weir'))
      await arrived('otter')
      await newsroom.restart(() => newsroom.forget())
      await publishUntil(newsroom, 'A pike reviews the pond', arrived('pike'))
      const others = complaints.splice(0).filter((complaint) => !/WebSocket|ERR_CONNECTION/.test(complaint))
      assert.deepEqual(others, []) // the browser notes each attempt to reach a server that is away
    })
  })
}

describe('the reader on other stores', () => {
  /** @type {string} */ let folder
  /** @type {import('playwright-core').Browser} */ let browser
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'broadsheet-'))
    browser = await openBrowser()
  })
  after(async () => {
    await browser?.close()
    await rm(folder, { recursive: true, force: true })
  })

  it('says that nothing is there, until something is, and lists all topics, however many', async () => {
    const newsroom = await openNewsroom([], folder)
    const { page, complaints, close } = await openPage(browser, newsroom.url)
    await page.getByText('No article has been published yet.').waitFor()
    await page.goto(`${newsroom.url}/topics`)
    await page.getByText('No article has a topic yet.').waitFor()
    await page.goto(`${newsroom.url}/providers`)
    await page.getByText('Nobody has published here yet.').waitFor()
    const topics = Array.from({ length: 230 }, (_, number) => `  - Topic ${String(number).padStart(3, '0')}`)
    const head = ['title: "All at once"', 'provider:', '  domain: citydesk.example', 'topics:', ...topics]
    await newsroom.publish('all.md', `---\n${head.join('\n')}\n---\n`)
    const count = `${newsroom.url}/graphql?${new URLSearchParams({ query: '{ articles { totalCount } }' })}`
    await until(async () => (await (await fetch(count)).json()).data.articles.totalCount === 1)
    await page.goto(newsroom.url)
    await page.locator('.lead h2', { hasText: 'All at once' }).waitFor()
    await page.goto(`${newsroom.url}/topics`)
    await page.getByRole('link', { name: /^Topic 229/ }).waitFor()
    assert.equal(await page.locator('.index section').count(), 230)
    await close()
    await newsroom.close()
    assert.deepEqual(complaints, [])
  })

  it('credits an article to whom its own file names, else to its provider', async () => {
    const newsroom = await openNewsroom([], folder)
    for (const [title, name] of Object.entries({ One: 'Ann Films', Two: 'Ann Films', Three: 'Ben & Co', Four: '' })) {
      const provider = ['provider:', '  domain: films.example', ...(name ? [`  name: "${name}"`] : [])]
      await newsroom.publish(`${title}.md`, `---\n${[`title: "${title}"`, ...provider].join('\n')}\n---\n`)
    }
    const { page, complaints, close } = await openPage(browser, `${newsroom.url}/provider/films.example`)
    const query = '{ articles(filter: {provider: {domain: {eq: "films.example"}}}) { totalCount } }'
    const count = `${newsroom.url}/graphql?${new URLSearchParams({ query })}`
    await until(async () => (await (await fetch(count)).json()).data.articles.totalCount === 4)
    await page.reload()
    await page.getByRole('heading', { name: 'Ann Films', level: 1 }).waitFor()
    for (const [title, name] of Object.entries({ One: 'Ann Films', Three: 'Ben & Co', Four: 'Ann Films' })) {
      const story = page.locator('.story').filter({ has: page.getByRole('heading', { name: title, exact: true }) })
      assert.equal(await story.locator('.byline a').innerText(), name)
    }
    await close()
    await newsroom.close()
    assert.deepEqual(complaints, [])
  })
})
