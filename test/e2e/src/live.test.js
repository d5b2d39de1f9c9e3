// The demo shows numbers soon after its start, and keeps them fresh.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { eventually } from './api.js'
import { launch, patience } from './browser.js'
import { holdBar, watchMachine } from './machine.js'
import { startDemo } from './server.js'

let server, browser, startedAt, machine

before(async () => {
  startedAt = Date.now()
  machine = watchMachine()
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

test('first numbers within ten seconds of the start, then four fresh snapshots a second', { timeout: 600_000 }, async t => {
  const page = await browser.newPage()
  await page.goto(`${server.url}/live`)
  const number = () => page.locator('section[aria-label="Right now"] .text-44').innerText()
  await eventually('the number of viewers', patience, number, text => Number(text.replaceAll(/[^0-9]/g, '')) > 0)
  const first = Date.now() - startedAt
  holdBar(`first numbers ${first} ms after the start; bar 10,000 ms`, first < 10_000, machine(), words => t.diagnostic(words))

  // While the demo catches up with its own beginning it may trail; then not.
  machine = watchMachine()
  const stalest = snapshots => Math.max(...snapshots.map(s => s.freshness_ms))
  const good = snapshots => snapshots.length >= 12 && stalest(snapshots) < 1000
  let snapshots = []
  for (const end = Date.now() + 60_000; Date.now() < end && !good(snapshots);) snapshots = await listen(page, 3000)
  holdBar(`${snapshots.length} snapshots in 3 s, the stalest ${stalest(snapshots)} ms behind; four a second, within 1 s, are promised`, good(snapshots), machine(), words => t.diagnostic(words))
  const last = (await eventually('the audience is there', patience, () => listen(page, 1000), got => got.at(-1)?.concurrent_viewers > 50)).at(-1)
  assert.ok(last.top.title.length > 0, 'titles are ranked')
})
