// Pictures of every page for the README: make screenshots. The demo is given
// time to fill its history first; PLAYHEAD_URL names one that runs already.
import { mkdir } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { query, someViewer } from './api.js'
import { launch } from './browser.js'
import { visitAll } from './pages.js'
import { startDemo } from './server.js'

const out = fileURLToPath(new URL('../../../docs/screenshots/', import.meta.url))
// ONLY=title-wide,live-narrow takes some of them.
const only = process.env.ONLY?.split(',')
// A page is drawn when nothing on it is on its way.
const drawn = () => !document.querySelector('[role=progressbar]') && [...document.querySelectorAll('main .sr-only')].every(e => e.textContent !== 'Loading') &&
  [...document.images].every(e => e.complete || !e.checkVisibility() || e.getBoundingClientRect().top > innerHeight)
const seconds = Number(process.env.FILL_SECONDS ?? 90)

const running = process.env.PLAYHEAD_URL
const server = running ? { url: running, stop() {} } : await startDemo({ viewers: Number(process.env.VIEWERS ?? 20_000), historyDays: 35 })
const browser = await launch()
try {
  if (!running) {
    console.log(`the demo fills its history for ${seconds} s`)
    await new Promise(resolve => setTimeout(resolve, seconds * 1000))
  }
  const context = await browser.newContext()
  await (await context.newPage()).goto(server.url)
  const [busiest] = await query(context, server.url, { metrics: ['plays'], dimensions: ['title'], order: [{ by: 'plays', desc: true }], limit: 1 })
  const viewer = await someViewer(context, server.url, 'stalls')
  await context.close()

  await mkdir(out, { recursive: true })
  await visitAll(browser, server.url, busiest.title, Number(process.env.SETTLE_MS ?? 6000), async ({ page, name, size, scheme, open }) => {
    if (name === 'player' && scheme === 'light') return // it is dark by design
    if (only && !only.includes(`${name}-${size}`)) return
    await open()
    await page.waitForFunction(drawn, undefined, { polling: 500, timeout: 60_000 }).catch(() => console.log(`${name} was not whole after a minute`))
    if (name === 'player') {
      await page.locator('#big').click()
      await page.waitForTimeout(6000)
    }
    const file = `${name}${size === 'wide' ? '' : '-390'}-${scheme}.png`
    await page.screenshot({ path: out + file })
    console.log(file)
  }, viewer)
} finally {
  await browser.close()
  await server.stop()
}
