/** How every page looks: nothing sticks out, nothing is out of reach, and a picture of each for people to judge. */

import assert from 'node:assert/strict'
import { mkdir } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { after, before, describe, it } from 'node:test'
import { openBrowser, openNewsroom, openPage } from './newsroom.js'

const PAGES = {
  front: '/',
  article: '/article/_news/2026-11-22-float-fleet-learns-to-share-its-depth.md',
  video: '/article/_news/2026-02-19-how-a-float-is-made.md',
  topic: '/topic/oceans',
  provider: '/provider/northernfloat.example',
  search: '/search?q=ferry',
  topics: '/topics',
  providers: '/providers',
  missing: '/article/nowhere.md',
  playground: '/graphql',
}
const SIZES = { wide: { width: 1280, height: 900 }, phone: { width: 360, height: 740 } }
const LIGHTS = /** @type {const} */ (['light', 'dark'])
const SCREENSHOTS = new URL('../screenshots/', import.meta.url).pathname
const AXE = createRequire(import.meta.url).resolve('axe-core/axe.min.js')

describe('every page', () => {
  /** @type {import('./newsroom.js').Newsroom} */ let newsroom
  /** @type {import('playwright-core').Browser} */ let browser
  before(async () => {
    await mkdir(SCREENSHOTS, { recursive: true })
    newsroom = await openNewsroom()
    browser = await openBrowser()
  })
  after(async () => {
    await browser?.close()
    await newsroom?.close()
  })

  for (const [name, path] of Object.entries(PAGES)) {
    for (const [size, viewport] of Object.entries(SIZES)) {
      it(`${name}, ${size}: fits, is accessible, and complains about nothing, light and dark`, async () => {
        const visit = await openPage(browser, newsroom.url + path, { viewport, bypassCSP: true })
        await settled(visit.page, name)
        if (name !== 'playground') await visit.page.addScriptTag({ path: AXE })
        for (const colorScheme of LIGHTS) {
          await visit.page.emulateMedia({ colorScheme })
          await visit.page.screenshot({ path: `${SCREENSHOTS}${name}-${size}-${colorScheme}.png`, fullPage: name !== 'playground' })
          assert.equal(await visit.page.evaluate(() => document.documentElement.scrollWidth - innerWidth), 0)
          if (name !== 'playground') assert.deepEqual(await findings(visit.page), [])
        }
        await visit.close()
        assert.deepEqual(visit.complaints, [])
      })
    }
  }
})

/** @param {import('playwright-core').Page} page @param {string} name */
async function settled(page, name) {
  if (name === 'playground') await page.locator('.graphiql-query-editor .view-line').first().waitFor()
  else await page.locator('main :is(h1, h2, .notice)').first().waitFor()
  if (name === 'article') await page.locator('.walk .point button').first().waitFor()
  for (const image of await page.locator('img').all()) await image.scrollIntoViewIfNeeded()
  await page.evaluate(() => scrollTo(0, 0))
  await page.waitForLoadState('networkidle')
}

/**
 * Return what axe, which the page has loaded, finds serious or critical.
 * @param {import('playwright-core').Page} page
 */
async function findings(page) {
  const { violations } = await page.evaluate('axe.run()')
  return violations
    .filter(/** @param {{ impact: string }} each */ ({ impact }) => impact === 'serious' || impact === 'critical')
    .map(/** @param {{ id: string, nodes: { html: string }[] }} each */ ({ id, nodes }) => `${id}: ${nodes[0]?.html}`)
}
