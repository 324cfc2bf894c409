/** Takes the pictures in docs/images anew from the example newsroom, so that they show the pages as they are. */

import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { openBrowser, openNewsroom, openPage } from '../tests/newsroom.js'

const PLACE = fileURLToPath(new URL('../../docs/images/', import.meta.url))
const DAY = '2026-11-23T09:00:00Z' // pages say how old news is: on another day they would look otherwise
const QUERY = `{
  articles(first: 2, search: { query: "eddy" }) {
    totalCount
    nodes {
      title
      publishedDateTime
      provider { name }
      related(first: 2) { __typename title }
    }
  }
}`

const newsroom = await openNewsroom()
const browser = await openBrowser()
try {
  await take('reader.png', '/', async (page) => {
    await page.locator('main h2').first().waitFor()
  })
  await take('playground.png', `/graphql#${new URLSearchParams({ query: QUERY })}`, async (page) => {
    await page.locator('.graphiql-query-editor .view-line').first().waitFor()
    await page.getByRole('button', { name: /^Execute query/ }).click()
    await page.mouse.move(0, 0) // away from the button, which says more of itself below a pointer
    await page.locator('.result-window .view-lines').filter({ hasText: /"data"/ }).waitFor()
  })
} finally {
  await browser.close()
  await newsroom.close()
}

/**
 * Write a picture of a page, once *settle* has seen on it what the picture is to show.
 * @param {string} name @param {string} path @param {(page: import('playwright-core').Page) => Promise<void>} settle
 */
async function take(name, path, settle) {
  const { page, complaints, close } = await openPage(browser, newsroom.url, { timezoneId: 'UTC', locale: 'en-GB', colorScheme: 'light' })
  await page.clock.setFixedTime(DAY)
  await page.goto(newsroom.url + path)
  await settle(page)
  await page.waitForLoadState('networkidle')
  await page.evaluate('Promise.all([...document.images].filter((image) => image.loading !== "lazy").map((image) => image.decode()))')
  if (complaints.length) throw new Error(complaints.join('\n'))
  await page.screenshot({ path: PLACE + name, animations: 'disabled', caret: 'hide' })
  await close()
  const { error } = spawnSync('optipng', ['-quiet', '-o5', PLACE + name])
  if (error) console.log(`optipng is not installed: ${name} is a fifth larger than it need be`)
}
