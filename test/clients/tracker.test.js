// The tracker of sdk/ as the collector serves it, with a bare <video> in
// Chromium under a strict Content-Security-Policy: what comes out is compared
// with what the element itself measured.
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { stat } from 'node:fs/promises'
import { after, before, describe, test } from 'node:test'
import { launch } from './lib/browser.js'
import { media, mediaSeconds } from './lib/media.js'
import { eventually, startServer } from './lib/server.js'
import { startPageServer } from './lib/trackerpage.js'
import { assertSeeks, assertWaits, stallsTold } from './lib/waits.js'

const metrics = [
  'plays', 'play_requests', 'ended_plays', 'watch_hours', 'media_hours', 'startup_time', 'stalls', 'rebuffering_ratio',
  'video_start_failure_rate', 'video_playback_failure_rate', 'exits_before_video_start',
]
const tolerance = 1000 // ms between the element's own watched time and the play's

let server, pages, browser, bytesPerSecond

before(async () => {
  const folder = await media()
  bytesPerSecond = (await stat(join(folder, 'clip.mp4'))).size / mediaSeconds
  ;[server, browser] = await Promise.all([startServer(), launch()])
  pages = await startPageServer({ folder, collector: server.url })
})
after(async () => {
  await browser?.close()
  await pages?.stop()
  await server?.stop()
})

// open opens a page with a lane of media and a title of its own and watches
// what it sends.
async function open(path, { file = 'clip.mp4', config = {}, options = {} } = {}) {
  const lane = randomUUID().replaceAll('-', '')
  const title = `tracker-${lane}`
  const query = new URLSearchParams({
    collector: server.url, media: `/media/${lane}/${file}`, title, key: server.writeKey, options: JSON.stringify(options), ...config,
  })
  const context = await browser.newContext()
  const page = await context.newPage()
  const it = { title, page, context, media: pages.lane(lane), sent: [], acknowledged: [], complaints: [] }
  page.on('request', request => { it.sent.push(...eventsOf(request)) })
  page.on('response', async response => {
    if (eventsOf(response.request()).length === 0) return
    const answer = await response.json().catch(() => null)
    if (response.ok()) it.acknowledged.push(...eventsOf(response.request()))
    if (answer?.rejected?.length) it.complaints.push(JSON.stringify(answer.rejected))
  })
  page.on('pageerror', error => it.complaints.push(String(error)))
  // Not waitForFunction: it needs eval, which the policy forbids.
  it.until = (what, expression, timeout = 20_000) => eventually(what, timeout, () => page.evaluate(`[!!(${expression}), measured()]`), ([holds]) => holds)
  it.position = seconds => it.until(`plays to ${seconds} s`, `video.currentTime >= ${seconds}`)
  it.begin = () => page.evaluate(() => begin())
  // finish closes the tab, as a viewer does, and returns what was measured and what came out.
  it.finish = async () => {
    const own = await page.evaluate(() => measured())
    assert.deepEqual(await page.evaluate(() => violations), [], 'nothing breaks the policy')
    await page.close({ runBeforeUnload: true })
    const play = await it.result(f => f.ended_plays + f.exits_before_video_start * f.play_requests > 0)
    await context.close()
    assert.deepEqual(it.complaints, [])
    return { own, play }
  }
  it.result = async check => {
    const f = await eventually('the play has ended', 10_000, () => server.title(title, metrics), check)
    return { ...f, watchMs: f.watch_hours * 3_600_000, mediaMs: f.media_hours * 3_600_000, stallMs: f.rebuffering_ratio * f.watch_hours * 3_600_000 }
  }
  await page.goto(`${pages.url}${path}?${query}`)
  return it
}

function eventsOf(request) {
  if (request.method() !== 'POST' || !request.url().includes('/v1/events')) return []
  return JSON.parse(request.postData() ?? '{"events":[]}').events
}

const near = (what, got, want, by = tolerance) => assert.ok(Math.abs(got - want) <= by, `${what}: ${got}, want ${want} ± ${by}`)
const types = events => [...new Set(events.map(event => event.type))]

describe('the tracker', { concurrency: 3 }, () => {
  test('play, pause, stall, seek, tab closed', async () => {
    const it = await open('/video')
    it.media.bytes = bytesPerSecond * 7
    await it.begin()
    await it.position(2)
    await it.page.evaluate(() => video.pause())
    await it.page.waitForTimeout(2000)
    await it.page.evaluate(() => video.play())
    await it.until('runs dry', 'measured().stalledNow')
    await it.page.waitForTimeout(1500)
    it.media.open()
    await it.until('plays on', '!measured().stalledNow && !video.paused')
    await it.page.waitForTimeout(1500)
    await it.page.evaluate(() => { video.currentTime = 1 })
    await it.position(2.5)
    const { own, play } = await it.finish()
    assert.equal(play.plays, 1)
    assert.equal(play.ended_plays, 1)
    assert.equal(own.stalls, 1, 'the element stalled once')
    assert.equal(play.stalls, 1)
    near('stall', play.stallMs, own.stallMs, 500)
    near('watched', play.watchMs, own.watchedMs)
    near('startup', play.startup_time, own.startupMs, 500)
    assert.equal(play.video_playback_failure_rate, 0)
    const seek = it.sent.find(event => event.type === 'seeked')
    near('seek to', seek.position_ms, 1000, 50)
    assert.ok(seek.from_ms > 6000, `seek from ${seek.from_ms}`)
    // What leaves with the tab is seen by the server alone: ended_plays above.
    assert.deepEqual(types(it.sent).sort(), ['heartbeat', 'paused', 'play_requested', 'play_started', 'resumed', 'seeked', 'stall_ended', 'stall_started'])
  })

  test('a medium that is missing fails the start', async () => {
    const it = await open('/video', { file: 'missing.mp4' })
    await it.begin()
    await it.until('the element fails', 'video.error')
    const play = await it.result(f => f.play_requests === 1 && f.video_start_failure_rate === 1)
    assert.equal(play.plays, 0)
    const error = await eventually('the page has sent its error', 5000, () => it.sent.find(event => event.type === 'error'), found => found)
    assert.equal(error.quality.error_code, 'MEDIA_ERR_SRC_NOT_SUPPORTED')
    await it.context.close()
    assert.deepEqual(it.complaints, [])
  })

  test('a medium that breaks off fails the play', async () => {
    const it = await open('/video')
    it.media.bytes = bytesPerSecond * 4
    await it.begin()
    await it.position(2)
    it.media.break()
    await it.until('the element fails', 'video.error', 60_000)
    const play = await it.result(f => f.video_playback_failure_rate === 1)
    assert.equal(play.plays, 1)
    assert.equal(play.ended_plays, 1)
    await it.context.close()
  })

  test('a start that nobody waits for is an exit', async () => {
    const it = await open('/video')
    it.media.bytes = 0
    await it.page.evaluate(() => { void begin() })
    await it.page.waitForTimeout(1000)
    const { play } = await it.finish()
    assert.equal(play.play_requests, 1)
    assert.equal(play.exits_before_video_start, 1)
    assert.equal(play.plays ?? 0, 0)
  })

  test('ten seconds without a network lose nothing', async () => {
    const it = await open('/video', { config: { library: 'whole' } })
    await it.begin()
    await it.position(3)
    await it.context.setOffline(true)
    await it.page.waitForTimeout(4000)
    await it.page.evaluate(() => video.pause())
    await it.page.waitForTimeout(2000)
    await it.page.evaluate(() => video.play())
    await it.page.waitForTimeout(4000)
    await it.context.setOffline(false)
    await it.page.waitForTimeout(3000)
    const { own, play } = await it.finish()
    assert.equal(play.plays, 1)
    assert.equal(play.stalls, 0)
    near('watched', play.watchMs, own.watchedMs)
    const last = Math.max(...it.sent.map(event => event.seq))
    const arrived = new Set(it.acknowledged.map(event => event.seq))
    assert.deepEqual(Array.from({ length: last }, (_, seq) => seq).filter(seq => !arrived.has(seq)), [], 'all but what left with the tab was acknowledged')
  })

  test('a replay is another play', async () => {
    const it = await open('/video')
    await it.begin()
    await it.position(1)
    await it.page.evaluate(seconds => { video.currentTime = seconds }, mediaSeconds - 1.5)
    await it.until('it ends', 'video.ended')
    await it.page.evaluate(() => video.play())
    await it.position(1)
    await it.page.close({ runBeforeUnload: true })
    const play = await it.result(f => f.ended_plays === 2)
    assert.equal(play.plays, 2)
    await it.context.close()
  })

  for (const [library, file] of [['hls', 'hls/main.m3u8'], ['dash', 'dash/main.mpd'], ['shaka', 'dash/main.mpd']]) {
    test(`above ${library}: play, seek, stall, tab closed`, async () => {
      const it = await open('/library', { file, config: { library } })
      await it.begin()
      await it.position(3)
      await it.page.evaluate(() => { video.currentTime = 30 })
      await it.position(32)
      it.media.hold()
      await it.until('runs dry, for two seconds', 'measured().dryMs > 2000', 60_000)
      const opened = Date.now()
      it.media.open()
      await it.until('plays on', '!measured().stalledNow', 60_000)
      await eventually('the end of the stall is told', 60_000, async () => ({ told: stallsTold(it.sent), own: await it.page.evaluate(() => measured()) }), ({ told }) => told.some(stall => stall.until >= opened))
      const { own, play } = await it.finish()
      assert.equal(play.plays, 1)
      assert.equal(play.play_requests, 1)
      near('watched', play.watchMs, own.watchedMs)
      assertSeeks(it.sent, own, 30_000)
      assertWaits(it.sent, own, opened)
      assert.ok(it.sent.findLast(event => event.type === 'heartbeat').quality.bitrate_kbps > 100)
    })
  }

  test('as a module', async () => {
    const it = await open('/module')
    await it.begin()
    await it.position(1)
    const { own, play } = await it.finish()
    assert.equal(play.plays, 1)
    near('watched', play.watchMs, own.watchedMs)
  })

  test('by a script element alone', async () => {
    const it = await open('/auto', { config: { key: '', auto: server.writeKey } })
    await it.begin()
    await it.position(1)
    const { own, play } = await it.finish()
    assert.equal(play.plays, 1)
    near('watched', play.watchMs, own.watchedMs)
  })

  test('artwork seen for a second, and clicked', async () => {
    const it = await open('/artwork')
    await eventually('an impression', 5000, () => it.acknowledged, events => events.some(event => event.type === 'impression'))
    await it.page.evaluate(() => document.querySelectorAll('.card')[1].scrollIntoView())
    await it.page.waitForTimeout(300)
    await it.page.evaluate(() => scrollTo(0, 0)) // too short
    await it.page.waitForTimeout(1500) // the first again, within ten seconds
    await it.page.evaluate(() => document.querySelectorAll('.card')[0].click())
    await eventually('a select', 5000, () => it.acknowledged, events => events.some(event => event.type === 'select'))
    await it.page.evaluate(() => {
      const card = document.querySelector('.card').cloneNode()
      card.setAttribute('data-playhead-impression', 'art-3')
      document.querySelector('.card').replaceWith(card) // a page that changes
    })
    await eventually('an impression of what came later', 5000, () => it.acknowledged, events => events.some(event => event.creative_id === 'art-3'))
    const [impression, ...others] = it.sent.filter(event => event.type === 'impression')
    assert.deepEqual(others.map(event => event.creative_id), ['art-3'])
    const select = it.sent.find(event => event.type === 'select')
    for (const event of [impression, select]) {
      assert.deepEqual([event.creative_id, event.title_id, event.placement, event.rank], ['art-1', 'title-1', 'row', 1])
    }
    assert.equal(select.impression_id, impression.impression_id)
    await it.context.close()
    assert.deepEqual(it.complaints, [])
  })

  test('nothing is kept in the browser unless asked', async () => {
    const kept = async options => {
      const it = await open('/video', { options })
      await it.begin()
      await it.position(0.5)
      const storage = await it.page.evaluate(() => [Object.keys(localStorage), document.cookie.replace(/=.*/, ''), Object.keys(sessionStorage)])
      const [{ anonymous_id, session_id }] = await eventually('it sends', 5000, () => it.sent, events => events.length > 0)
      await it.context.close()
      return { storage, anonymous: !!anonymous_id, session: !!session_id }
    }
    assert.deepEqual(await kept({}), { storage: [[], '', []], anonymous: false, session: true })
    assert.deepEqual(await kept({ persist: true }), { storage: [['playhead'], '', []], anonymous: true, session: true })
    assert.deepEqual(await kept({ persist: 'cookie' }), { storage: [[], 'playhead', []], anonymous: true, session: true })
  })
})
