// The dashboard answers a click at once: Live is usable within a second of its
// address, each other page within half a second of a click, on warm data of a
// demo: its past is in and nothing waits. Usable is what a reader waits for: the
// page's own figures are there. A page is opened for the first time, pointed at
// before it is clicked, and again from elsewhere.
//
// Each is taken three times and the best counts, up to nine times while that misses
// its bar: on a machine that does other work at the same time the others say what
// that work costs. Where it does more
// than its processors can, a bar that is missed says nothing of the dashboard: the
// test says so and is skipped.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { eventually, query, someViewer, warm } from './api.js'
import { launch, patience } from './browser.js'
import { holdBar, watchMachine } from './machine.js'
import { startDemo } from './server.js'

const LIVE_MS = 1000
const PAGE_MS = 500
const TRIES = Number(process.env.SPEED_TRIES ?? 3), MOST = 3 * TRIES
let server, browser, context, title, viewer

before(async () => {
  server = await startDemo({ viewers: 200, historyDays: 1 })
  browser = await launch()
  context = await browser.newContext({ viewport: { width: 1440, height: 900 } })
  await (await context.newPage()).goto(server.url)
  const busiest = { metrics: ['plays'], dimensions: ['title'], order: [{ by: 'plays', desc: true }], limit: 1 }
  const rows = await eventually('some dozen plays', 600_000, () => query(context, server.url, busiest), rows => rows[0]?.plays > 40)
  title = rows[0].title
  viewer = await eventually('somebody has played', 600_000, () => someViewer(context, server.url), found => found !== '')
  await warm(context, server.url)
})

after(async () => {
  await browser?.close()
  await server?.stop()
})

/** What a reader waits for on each page, as a test that runs in the page after every frame. */
const READY = {
  '/live': () => /\d/.test(document.querySelector('section[aria-label="Right now"] .text-44')?.textContent ?? '') && document.querySelectorAll('ol li').length > 2,
  '/': () => document.querySelector('section[aria-label="What changed"] :is(article, p)') !== null,
  '/quality': () => [...document.querySelectorAll('section[aria-label="Figures of quality"] button')].some(e => /\d/.test(e.textContent)) && document.querySelector('main canvas') !== null,
  '/titles': () => document.querySelectorAll('[role=table] [role=rowgroup]:last-child [role=row]').length > 3,
  '/creatives': () => document.querySelectorAll('main section').length > 0 && !document.querySelector('main .sr-only')?.textContent?.includes('Loading'),
  '/audiences': () => /\d/.test(document.querySelector('[data-size]')?.textContent ?? ''),
  '/trends': () => document.querySelectorAll('main section').length > 1,
  '/explore': () => document.querySelector('section[aria-label="Answer"] canvas') !== null,
  '/viewers': () => document.querySelector('main form input') !== null,
  '/events': () => document.querySelector('[role=listbox]') !== null,
  '/pipeline': () => document.querySelectorAll('main section').length > 2,
  '/settings': () => document.querySelector('nav[aria-label=Settings]') !== null,
}

/** A page of its own that shows Live, as one has it open who then goes elsewhere. */
async function openLive() {
  const page = await context.newPage()
  await page.goto(`${server.url}/live`, { waitUntil: 'commit' })
  await page.waitForFunction(READY['/live'], undefined, { polling: 'raf' })
  return page
}

/** Clicks a link of the page and says after how many ms what READY waits for was drawn. */
function clickAndWait(page, path) {
  // As text: the page's policy lets it make no code of its own.
  return page.evaluate(`new Promise((resolve, reject) => {
    const holds = ${READY[path]}
    const path = ${JSON.stringify(path)}
    const link = [...document.querySelectorAll('nav[aria-label=Pages] a')].find(a => new URL(a.href).pathname === path && a.getAttribute('aria-label') !== 'Playhead, home page')
    if (!link) return reject(new Error('no link leads to ' + path))
    const start = performance.now()
    link.click()
    const look = () => {
      if (location.pathname === path && holds()) return requestAnimationFrame(() => resolve(performance.now() - start))
      if (performance.now() - start > ${patience}) return reject(new Error(path + ' was not usable in ${patience} ms'))
      requestAnimationFrame(look)
    }
    requestAnimationFrame(look)
  })`)
}

const best = times => Math.min(...times)

// more says whether to take it once more: not often enough yet, or never within the bar.
const more = (times, bar) => times.length < TRIES || times.length < MOST && best(times) >= bar

// hold says the times and holds the best to the bar.
function hold(t, name, times, bar, machine) {
  const words = `${name}: ${best(times).toFixed(0)} ms at best of ${times.map(ms => ms.toFixed(0)).join(', ')}; bar ${bar} ms`
  holdBar(words, best(times) < bar, machine(), missed => t.skip(missed))
}

test('Live is usable within a second', { timeout: 900_000 }, async t => {
  const times = [], machine = watchMachine()
  while (more(times, LIVE_MS)) {
    const page = await openLive()
    // Since the address was asked for.
    times.push(await page.evaluate(() => performance.now()))
    await page.close()
  }
  hold(t, '/live', times, LIVE_MS, machine)
})

test('every other page is usable within half a second of a click', { timeout: 1_800_000 }, async t => {
  for (const path of Object.keys(READY).filter(p => p !== '/live')) {
    const first = [], again = [], machine = watchMachine()
    while (more(first, PAGE_MS) || more(again, PAGE_MS)) {
      const page = await openLive()
      await page.locator(`nav[aria-label=Pages] a[href="${path}"]:not([aria-label="Playhead, home page"])`).hover()
      first.push(await clickAndWait(page, path))
      await clickAndWait(page, '/live')
      again.push(await clickAndWait(page, path))
      await page.close()
    }
    await t.test(path, t => hold(t, path, first, PAGE_MS, machine))
    await t.test(`${path}, again`, t => hold(t, `${path} again`, again, PAGE_MS, machine))
  }
})

test("a title and a viewer's timeline are usable within half a second", { timeout: 900_000 }, async t => {
  const ready = {
    [`/titles/${encodeURIComponent(title)}`]: () => document.querySelectorAll('main canvas').length > 0 && document.querySelector('main h1') !== null,
    [`/viewers?viewer=${viewer}`]: () => document.querySelector('[data-play]') !== null,
  }
  const page = await openLive()
  for (const [path, holds] of Object.entries(ready)) {
    const times = [], machine = watchMachine()
    for (let i = 0; more(times, PAGE_MS); i++) {
      await clickAndWait(page, '/live')
      // As a click on a row does: the page's own router goes there.
      const start = await page.evaluate(path => {
        const link = document.createElement('a')
        link.href = path
        document.body.append(link)
        const start = performance.now()
        link.click()
        link.remove()
        return start
      }, path)
      await page.waitForFunction(holds, undefined, { polling: 'raf' })
      const took = await page.evaluate(start => performance.now() - start, start)
      if (i > 0) times.push(took) // the first fetches the page's code
    }
    await t.test(path.split('?')[0], t => hold(t, path.split('?')[0], times, PAGE_MS, machine))
  }
  await page.close()
})
