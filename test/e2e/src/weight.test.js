// The live page is light: little to load, little to do at four updates a second,
// and no memory that grows. LIVE_SECONDS=600 holds it to ten minutes. What the main
// thread does is counted in its processor time: by the clock, a page would pay for
// what else the machine does.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { launch } from './browser.js'
import { startDemo } from './server.js'

const seconds = Number(process.env.LIVE_SECONDS ?? 60)
let server, browser

before(async () => {
  server = await startDemo({ viewers: 300, historyDays: 1 })
  browser = await launch()
})

after(async () => {
  await browser?.close()
  await server?.stop()
})

test('first load of script and style', { timeout: 300_000 }, async () => {
  const page = await browser.newPage()
  // The code of other pages comes seconds after the first is drawn, or on a slow
  // machine before the canvas is; not for a reader who saves data.
  await page.addInitScript(() => Object.defineProperty(navigator, 'connection', { value: { saveData: true } }))
  let bytes = 0
  const sizes = []
  page.on('response', response => {
    if (/\.(js|css)(\?|$)/.test(response.url())) sizes.push(response.request().sizes().then(s => { bytes += s.responseBodySize }, () => {}))
  })
  await page.goto(`${server.url}/live`)
  await page.locator('canvas').first().waitFor()
  await page.locator('svg[aria-label^="World map"]').waitFor()
  await page.waitForTimeout(1000)
  await Promise.all(sizes)
  console.log(`the live page loads ${bytes} bytes of script and style`)
  assert.ok(bytes > 50_000 && bytes <= 350_000, `${bytes} bytes`)
  await page.close()
})

test(`live for ${seconds} s`, { timeout: seconds * 1000 + 600_000 }, async () => {
  const page = await browser.newPage({ viewport: { width: 1440, height: 900 } })
  await page.goto(`${server.url}/live`)
  await page.locator('canvas').first().waitFor()
  await page.waitForTimeout(10_000)
  const cdp = await page.context().newCDPSession(page)
  await cdp.send('Performance.enable', { timeDomain: 'threadTicks' })
  const look = async () => {
    await cdp.send('HeapProfiler.collectGarbage')
    const { metrics } = await cdp.send('Performance.getMetrics')
    return { clock: performance.now() / 1000, ...Object.fromEntries(metrics.map(m => [m.name, m.value])) }
  }
  const start = await look()
  await page.waitForTimeout(seconds * 1000)
  const end = await look()
  const busy = (end.TaskDuration - start.TaskDuration) / (end.clock - start.clock)
  const [from, to] = [start.JSHeapUsedSize, end.JSHeapUsedSize]
  console.log(`main thread ${(busy * 100).toFixed(1)} % busy, heap ${(from / 1e6).toFixed(1)} → ${(to / 1e6).toFixed(1)} MB, ${start.Nodes} → ${end.Nodes} nodes`)
  assert.ok(busy < 0.2, `main thread ${(busy * 100).toFixed(1)} % busy`)
  assert.ok(to < from * 1.1 + 1.5e6, `the heap grew from ${from} to ${to}`)
  assert.ok(end.Nodes < start.Nodes * 1.2 + 500, `nodes grew from ${start.Nodes} to ${end.Nodes}`)
  await page.close()
})
