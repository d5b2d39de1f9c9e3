// Every page, in both themes, has nothing serious or critical that axe-core finds.
import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { after, before, test } from 'node:test'
import { eventually, query, someViewer } from './api.js'
import { launch } from './browser.js'
import { pages, schemes, sizes } from './pages.js'
import { startDemo } from './server.js'

const axe = createRequire(import.meta.url).resolve('axe-core/axe.min.js')
let server, browser

before(async () => {
  server = await startDemo({ viewers: 200, historyDays: 1 })
  browser = await launch()
})

after(async () => {
  await browser?.close()
  await server?.stop()
})

test('axe', { timeout: 1_800_000 }, async t => {
  const first = await browser.newContext()
  await (await first.newPage()).goto(server.url)
  const busiest = { metrics: ['plays'], dimensions: ['title'], order: [{ by: 'plays', desc: true }], limit: 1 }
  const [{ title }] = await eventually('the audience plays', 300_000, () => query(first, server.url, busiest), rows => rows[0]?.plays > 0)
  const viewer = await eventually('somebody has played', 300_000, () => someViewer(first, server.url), found => found !== '')
  await first.close()

  for (const scheme of schemes) {
    // The page's policy lets no script in from a tag: axe is put in beside it.
    const context = await browser.newContext({ viewport: sizes.wide, colorScheme: scheme, bypassCSP: true, reducedMotion: 'reduce' })
    for (const { name, path } of pages(title, viewer).filter(page => page.name !== 'player')) {
      await t.test(`${name}, ${scheme}`, async () => {
        const page = await context.newPage()
        try {
          await page.goto(server.url + path)
          await page.locator('h1').first().waitFor({ state: 'attached' })
          await page.waitForTimeout(2500)
          await page.addScriptTag({ path: axe })
          const found = await page.evaluate(() => window.axe.run(document, { resultTypes: ['violations'] }))
          const grave = found.violations.filter(v => ['serious', 'critical'].includes(v.impact))
          assert.deepEqual(grave.map(v => ({ rule: v.id, where: v.nodes.slice(0, 3).map(n => `${n.target.join(' ')}: ${n.html.slice(0, 140)} ${n.failureSummary?.slice(0, 200)}`) })), [])
        } finally {
          await page.close()
        }
      })
    }
    await context.close()
  }
})
