/** Somebody who has read nothing: from the front page to an answer in a terminal, by what the pages themselves say. */

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { after, before, describe, it } from 'node:test'
import { openBrowser, openNewsroom, openPage } from './newsroom.js'

for (const [size, viewport] of Object.entries({ desk: { width: 1280, height: 900 }, phone: { width: 360, height: 740 } })) {
  describe(`a newcomer with a ${size}`, () => {
    /** @type {import('./newsroom.js').Newsroom} */ let newsroom
    /** @type {import('playwright-core').Browser} */ let browser
    before(async () => {
      newsroom = await openNewsroom()
      browser = await openBrowser()
    })
    after(async () => {
      await browser?.close()
      await newsroom?.close()
    })

    it('finds an article, walks to a related one, opens the playground, runs an example and takes its curl along', async () => {
      const permissions = ['clipboard-read', 'clipboard-write']
      const { page, complaints, close } = await openPage(browser, newsroom.url, { viewport, permissions })
      await page.getByRole('searchbox').fill('eddy')
      await page.keyboard.press('Enter')
      await page.getByRole('link', { name: 'The eddy that stayed all summer' }).click()
      await page.getByText('press one to walk there').waitFor()
      await page.getByRole('button', { name: /^Walk to: The salt memory/ }).click()
      await page.getByRole('link', { name: 'Read it' }).click()
      await page.getByRole('heading', { level: 1, name: /salt memory/ }).waitFor()
      await page.getByRole('link', { name: 'Playground' }).click()
      await page.locator('.graphiql-query-editor .view-line').first().waitFor()
      await page.getByRole('button', { name: /^Execute query/ }).click()
      await page.locator('.result-window .view-lines', { hasText: /"data"/ }).waitFor()
      await page.getByText('Copy', { exact: true }).click()
      await page.getByText('Copy as curl').click()
      await page.getByText('✓').waitFor()
      const command = await page.evaluate(() => navigator.clipboard.readText())
      const answer = JSON.parse(execFileSync('sh', ['-c', `${command} --silent`], { encoding: 'utf8' }))
      assert.equal(answer.data.articles.nodes[0].title, 'A fleet of floats learns to share the deep')
      await close()
      assert.deepEqual(complaints, [])
    })
  })
}
