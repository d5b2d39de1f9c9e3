// Every page opens in every form without a complaint, without scrolling sideways
// and, in both themes, with nothing serious or critical that axe-core finds.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { after, before, test } from 'node:test'
import { eventually, query, someViewer } from './api.js'
import { launch, watch } from './browser.js'
import { visitAll } from './pages.js'
import { startDemo } from './server.js'

// As text: the page's policy lets in no script from elsewhere.
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
let server, browser

before(async () => {
  server = await startDemo({ viewers: 200, historyDays: 1 })
  browser = await launch()
})

after(async () => {
  await browser?.close()
  await server?.stop()
})

test('pages', { timeout: 1_800_000 }, async t => {
  const context = await browser.newContext()
  const page = await context.newPage()
  await page.goto(server.url)
  const busiest = { metrics: ['plays'], dimensions: ['title'], order: [{ by: 'plays', desc: true }], limit: 1 }
  const rows = await eventually('the audience plays', 300_000, () => query(context, server.url, busiest), rows => rows[0]?.plays > 0)
  const viewer = await eventually('somebody has played', 300_000, () => someViewer(context, server.url), found => found !== '')
  await context.close()

  await visitAll(browser, server.url, rows[0].title, 2000, async ({ page, name, size, scheme, open }) => {
    await t.test(`${name}, ${size}, ${scheme}`, async () => {
      const complaints = watch(page, server.url)
      await open()
      // The machine's own network came or went: the browser broke off what it was loading.
      for (let i = 0; i < 3 && complaints.some(c => c.includes('ERR_NETWORK_CHANGED')); i++) {
        complaints.length = 0
        await open()
      }
      await page.locator('h1').first().waitFor({ state: 'attached' })
      assert.deepEqual(complaints, [])
      const { width } = page.viewportSize()
      assert.ok(await page.evaluate(() => document.documentElement.scrollWidth) <= width, 'the page scrolls sideways')
      const unnamed = await page.evaluate(() => [...document.querySelectorAll('button, a[href], input, select')]
        .filter(e => e.checkVisibility() && !(e.ariaLabel || e.textContent.trim() || e.title || e.labels?.length || e.getAttribute('aria-labelledby') || e.placeholder || e.querySelector('[alt]:not([alt=""]), .sr-only')))
        .map(e => e.outerHTML.slice(0, 120)))
      assert.deepEqual(unnamed, [], 'every control has a name')
      assert.equal(await page.locator('h1').count() > 0, true, 'the page has a heading')
      // Colours and names are the same on narrow screens; the player's page is hls.js's own.
      if (size === 'wide' && name !== 'player') assert.deepEqual(await grave(page), [])
    })
  }, viewer)
})

// grave are the serious and critical violations that axe finds, and where.
async function grave(page) {
  await page.evaluate(axe)
  const found = await page.evaluate(() => window.axe.run(document, { resultTypes: ['violations'] }))
  return found.violations.filter(v => ['serious', 'critical'].includes(v.impact))
    .map(v => ({ rule: v.id, where: v.nodes.slice(0, 3).map(n => `${n.target.join(' ')}: ${n.html.slice(0, 140)} ${n.failureSummary?.slice(0, 200)}`) }))
}
