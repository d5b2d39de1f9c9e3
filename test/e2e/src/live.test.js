// The demo shows numbers soon after its start, and keeps them fresh.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { eventually } from './api.js'
import { launch } from './browser.js'
import { startDemo } from './server.js'

let server, browser, startedAt

before(async () => {
  startedAt = Date.now()
  server = await startDemo({ viewers: 200, historyDays: 1 })
  browser = await launch()
})

after(async () => {
  await browser?.close()
  await server?.stop()
})

// listen returns the snapshots of the live stream that come within ms.
const listen = (page, ms) => page.evaluate(ms => new Promise((resolve, reject) => {
  const got = []
  const source = new EventSource('/api/v1/live')
  source.onmessage = message => got.push(JSON.parse(message.data))
  source.onerror = () => reject(new Error('the live stream broke'))
  setTimeout(() => { source.close(); resolve(got) }, ms)
}), ms)

test('first numbers within ten seconds of the start, then four fresh snapshots a second', { timeout: 60_000 }, async () => {
  const page = await browser.newPage()
  await page.goto(`${server.url}/live`)
  const number = () => page.locator('section[aria-label="Right now"] .text-44').innerText()
  await eventually('the number of viewers', 10_000, number, text => Number(text.replaceAll(/[^0-9]/g, '')) > 0)
  const first = Date.now() - startedAt
  console.log(`first numbers ${first} ms after the start`)
  assert.ok(first < 10_000, `first numbers after ${first} ms`)

  // While the demo catches up with its own beginning it may trail; then not.
  const stalest = snapshots => Math.max(...snapshots.map(s => s.freshness_ms))
  const snapshots = await eventually('three seconds without a snapshot over 1 s behind', 30_000, () => listen(page, 3000), got => stalest(got) < 1000)
  console.log(`${snapshots.length} snapshots in 3 s, the stalest ${stalest(snapshots)} ms behind`)
  assert.ok(snapshots.length >= 12, `${snapshots.length} snapshots in 3 s, four a second are promised`)
  assert.ok(snapshots.at(-1).concurrent_viewers > 50, 'the audience is there')
  assert.ok(snapshots.at(-1).top.title.length > 0, 'titles are ranked')
})
