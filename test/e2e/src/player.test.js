// A real player in a real browser is counted as what it did: hls.js plays,
// pauses, seeks, plays on and leaves, and the API says the same as the player.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { eventually, titleFigures } from './api.js'
import { spoken } from '../../clients/lib/cmcd.js'
import { meterSource } from '../../clients/lib/meter.js'
import { launch, patience, watch } from './browser.js'
import { holdBar, watchMachine } from './machine.js'
import { startDemo } from './server.js'

let server, browser, context

before(async () => {
  // Nobody else watches: the live number is then exactly this test's player.
  server = await startDemo({ viewers: 0, historyDays: 0 })
  browser = await launch()
  context = await browser.newContext({ viewport: { width: 1280, height: 800 } })
  await context.request.get(`${server.url}/live`) // the demo signs in who opens a page
})

after(async () => {
  await browser?.close()
  await server?.stop()
})

const liveNumber = page => page.locator('section[aria-label="Right now"] .text-44').innerText()

test('a play in hls.js is counted as the player measured it', { timeout: 600_000 }, async t => {
  const dashboard = await context.newPage()
  const dashboardComplaints = watch(dashboard, server.url)
  await dashboard.goto(`${server.url}/live`)
  await eventually('the dashboard shows an empty house', patience, () => liveNumber(dashboard), text => text === '0')

  const page = await context.newPage()
  const complaints = watch(page, server.url)
  const lines = []
  page.on('request', request => { if (request.method() === 'POST') lines.push(...(request.postData() ?? '').split('\n').filter(line => /(^|,)sta=/.test(line))) })
  await page.goto(`${server.url}/demo/player`)
  await page.evaluate(`(() => { ${meterSource}; window.measured = meter(document.getElementById('video')) })()`)
  const cid = await page.evaluate(() => window.playheadDemo.cid)
  const before = await titleFigures(context, server.url, cid, ['plays', 'play_requests'])
  assert.equal(before.play_requests ?? 0, 0, 'nobody has watched this title before')

  await page.getByRole('button', { name: /^Play / }).click()
  await page.waitForFunction(() => document.getElementById('video').currentTime > 0.05)
  const firstFrame = Date.now(), machine = watchMachine()
  await eventually('the dashboard shows the viewer', patience, () => liveNumber(dashboard), text => text === '1')
  const shown = Date.now() - firstFrame
  holdBar(`the dashboard showed the viewer ${shown} ms after the first frame; bar 2000 ms`, shown < 2000, machine(), words => t.diagnostic(words))
  const started = await page.evaluate(() => ({ sid: window.playheadDemo.sid, watched: window.playheadDemo.watchedMs() }))
  assert.ok(started.sid, 'the play has a session id')

  await page.waitForTimeout(8000)
  await page.locator('#toggle').click()
  const pausedAt = Date.now()
  await page.waitForFunction(() => document.getElementById('screen').dataset.state === 'paused')
  const atPause = await page.evaluate(() => window.playheadDemo.watchedMs())
  await page.waitForTimeout(4000)
  assert.equal(await page.evaluate(() => window.playheadDemo.watchedMs()), atPause, 'the player counts no pause')
  await page.locator('#toggle').click()
  const pauseMs = Date.now() - pausedAt

  await page.waitForTimeout(3000)
  // Back to a key frame that is in the buffer: nothing has to be loaded.
  await page.evaluate(() => { document.getElementById('video').currentTime = 4 })
  await page.waitForTimeout(4000)
  assert.equal(await page.evaluate(() => document.getElementById('video').paused), false, 'it plays on after the seek')

  // What it has watched when it leaves, which may take a busy browser a while.
  await page.evaluate(() => addEventListener('pagehide', () => {
    localStorage.setItem('left', JSON.stringify({ watchedMs: window.playheadDemo.watchedMs(), own: window.measured() }))
  }))
  const left = Date.now(), leaving = watchMachine()
  await page.goto('about:blank') // leaves: the page says so in a last report
  const { watchedMs, own } = JSON.parse(await eventually('the page has left', patience, () => dashboard.evaluate(() => localStorage.getItem('left')), left => left))
  assert.ok(watchedMs > 10_000, `the player has watched ${watchedMs} ms`)

  const metrics = ['plays', 'play_requests', 'viewers', 'watch_hours', 'media_hours', 'rebuffering_ratio', 'connection_rebuffering_ratio', 'startup_time', 'video_start_failure_rate', 'exits_before_video_start']
  const ask = () => titleFigures(context, server.url, cid, metrics)
  const counted = figures => figures.plays === 1 && Math.abs(figures.watch_hours * 3_600_000 - watchedMs) < 1000 + own.lateMs
  const figures = await eventually(`one play of ${Math.round(watchedMs)} ms`, patience, ask, counted)

  const countedMs = figures.watch_hours * 3_600_000
  console.log(`the player measured ${Math.round(watchedMs)} ms, the API says ${Math.round(countedMs)} ms; the pause was ${pauseMs} ms`)
  assert.equal(figures.play_requests, 1)
  assert.equal(figures.viewers, 1)
  assert.ok(pauseMs > 3900 && countedMs < watchedMs + 1000 + own.lateMs, 'the pause is not in the watch time')
  // A wait of at most 50 ms is no stall. A longer one right after a seek is a
  // stall of the seek, never of the connection, and as long as the player says. What
  // the element itself waits for, a busy machine may make longer, or more of.
  const said = spoken(lines), lasted = span => span.until - span.from, sum = spans => spans.reduce((ms, span) => ms + lasted(span), 0)
  const saidWaits = said.spans.filter(span => span.state === 'r' && span.from >= said.frame && lasted(span) > 50)
  const stalledMs = figures.rebuffering_ratio * countedMs, connectionMs = figures.connection_rebuffering_ratio * countedMs
  const words = JSON.stringify({ figures, own, said })
  const slack = 60 + own.lateMs, waits = own.waits.map(wait => ({ ...wait, until: wait.until ?? own.at }))
  console.log(`the element waited ${waits.map(wait => `${Math.round(lasted(wait))} ms (${wait.by})`).join(', ') || 'never'}, the API says ${Math.round(stalledMs)} ms of stalls`)
  assert.ok(Math.abs(stalledMs - sum(saidWaits)) < 20, `stalls of ${stalledMs} ms, the player said ${sum(saidWaits)}: ${words}`)
  for (const wait of saidWaits) assert.ok(waits.some(its => its.from <= wait.until + slack && its.until >= wait.from - slack), `a wait that the element did not have: ${words}`)
  const ofConnection = waits.filter(wait => !own.seekings.some(seek => wait.from >= seek.time - slack && wait.from <= seek.time + 3000 - slack))
  assert.ok(connectionMs <= sum(ofConnection) + slack * ofConnection.length, `the seek made no stall of the connection: ${words}`)
  assert.equal(figures.video_start_failure_rate, 0)
  assert.equal(figures.exits_before_video_start, 0)
  assert.ok(Math.abs(figures.startup_time - (said.frame - said.request)) <= 50, `startup time ${figures.startup_time} ms: ${words}`)
  assert.ok(said.frame <= own.frameAt + slack && said.request >= own.askedAt, words)
  assert.ok(figures.media_hours <= figures.watch_hours, 'media time is part of watch time')

  await eventually('the viewer has left the dashboard', patience, () => liveNumber(dashboard), text => text === '0')
  const gone = Date.now() - left
  holdBar(`the viewer had left the dashboard ${gone} ms after the page; bar 10,000 ms`, gone < 10_000, leaving(), words => t.diagnostic(words))
  assert.deepEqual(complaints, [])
  assert.deepEqual(dashboardComplaints, [])
})

test('the figures stay after the play has ended', { timeout: 300_000 }, async () => {
  const page = await context.newPage()
  await page.goto(`${server.url}/demo/player`)
  const cid = await page.evaluate(() => window.playheadDemo.cid)
  const once = await titleFigures(context, server.url, cid, ['plays', 'watch_hours'])
  await page.waitForTimeout(3000)
  assert.deepEqual(await titleFigures(context, server.url, cid, ['plays', 'watch_hours']), once)
  await page.close()
})

test('a play that breaks is counted as failed', { timeout: 600_000 }, async () => {
  const page = await context.newPage()
  let broken = false
  await page.route('**/demo/clip/*.m4s', route => broken ? route.fulfill({ status: 404, body: 'gone' }) : route.continue())
  await page.goto(`${server.url}/demo/player`)
  const cid = await page.evaluate(() => window.playheadDemo.cid)
  const metrics = ['plays', 'ended_plays', 'video_playback_failure_rate', 'video_start_failure_rate']
  const before = await titleFigures(context, server.url, cid, metrics)
  assert.equal(before.video_playback_failure_rate ?? 0, 0, 'nothing has failed before')
  await page.getByRole('button', { name: /^Play / }).click()
  await page.waitForFunction(() => document.getElementById('video').currentTime > 0.5)
  broken = true
  // Beyond what is loaded, so that the next segment is asked for at once.
  await page.evaluate(() => { document.getElementById('video').currentTime = document.getElementById('video').duration - 2 })
  await page.waitForFunction(() => document.getElementById('screen').dataset.state === 'failed', null, { timeout: patience })
  const ended = (before.ended_plays ?? 0) + 1
  const after = await eventually('the play has ended', patience, () => titleFigures(context, server.url, cid, metrics), f => f.ended_plays === ended)
  assert.equal(after.plays, (before.plays ?? 0) + 1)
  assert.ok(Math.abs(after.video_playback_failure_rate * after.plays - 1) < 1e-9, `one play of ${after.plays} has failed: ${after.video_playback_failure_rate}`)
  assert.equal(after.video_start_failure_rate, 0)
  await page.close()
})
