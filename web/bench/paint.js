/** How soon each page paints first, from a cold browser: milliseconds on standard output, the median of five visits. */

import { openBrowser, openNewsroom, openPage } from '../tests/newsroom.js'

const VISITS = 5
const PAGES = ['/', '/article/_news/2026-11-22-float-fleet-learns-to-share-its-depth.md', '/search?q=ferry', '/graphql']

const newsroom = await openNewsroom()
const browser = await openBrowser()
for (const path of PAGES) {
  const times = []
  for (let visit = 0; visit < VISITS; visit++) times.push(await firstPaint(path))
  times.sort((a, b) => a - b)
  console.log(`${String(Math.round(times[VISITS >> 1] ?? 0)).padStart(6)} ms  ${path}`)
}
await browser.close()
await newsroom.close()

/** @param {string} path @returns {Promise<number>} */
async function firstPaint(path) {
  const { page, close } = await openPage(browser, newsroom.url + path)
  const time = await page.evaluate(
    () =>
      new Promise((resolve) => {
        const seen = new PerformanceObserver((list) => {
          const paint = list.getEntriesByName('first-contentful-paint')[0]
          if (paint) resolve(paint.startTime)
        })
        seen.observe({ type: 'paint', buffered: true })
      }),
  )
  await close()
  return Number(time)
}
