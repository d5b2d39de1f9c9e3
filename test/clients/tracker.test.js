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
import { assertFigures, assertSeeks, assertWaits } from './lib/waits.js'

const metrics = [
  'plays', 'play_requests', 'ended_plays', 'watch_hours', 'media_hours', 'startup_time', 'stalls', 'rebuffering_ratio',
  'video_start_failure_rate', 'video_playback_failure_rate', 'exits_before_video_start',
]
const patience = 60_000 // ms, after which something hangs

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
  it.until = (what, expression, timeout = patience) => eventually(what, timeout, () => page.evaluate(`[!!(${expression}), measured()]`), ([holds]) => holds)
  it.position = seconds => it.until(`plays to ${seconds} s`, `video.currentTime >= ${seconds}`)
  it.begin = () => page.evaluate(() => begin())
  // finish closes the tab, as a viewer does, and returns what was measured as it
  // left and what came out; it.sent has then also what left with the tab.
  it.finish = async () => {
    assert.deepEqual(await page.evaluate(() => violations), [], 'nothing breaks the policy')
    await page.close({ runBeforeUnload: true })
    const { own, beacons } = await eventually('the page has left', patience, () => it.media.left, left => left)
    it.sent.push(...beacons.flatMap(body => JSON.parse(body).events))
    const play = await it.result(f => f.ended_plays + f.exits_before_video_start * f.play_requests > 0)
    await context.close()
    assert.deepEqual(it.complaints, [])
    return { own, play }
  }
  it.result = async check => {
    const f = await eventually('the play has ended', patience, () => server.title(title, metrics), check)
    return { ...f, watchMs: f.watch_hours * 3_600_000, mediaMs: f.media_hours * 3_600_000, stallMs: f.rebuffering_ratio * f.watch_hours * 3_600_000 }
  }
  await page.goto(`${pages.url}${path}?${query}`)
  return it
}

function eventsOf(request) {
  if (request.method() !== 'POST' || !request.url().includes('/v1/events')) return []
  return JSON.parse(request.postData() ?? '{"events":[]}').events
}

const near = (what, got, want, by) => assert.ok(Math.abs(got - want) <= by, `${what}: ${got}, want ${want} ± ${by}`)
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
    await it.until('runs dry, for a second and a half', 'measured().waitMs > 1500 && video.currentTime > 4')
    assert.ok(it.media.waiting.size > 0, 'the file is held back')
    const opened = Date.now()
    it.media.open()
    await it.until('plays on', '!measured().stalledNow && !video.paused')
    await it.page.waitForTimeout(1500)
    await it.page.evaluate(() => { video.currentTime = 1 })
    await it.position(2.5)
    const { own, play } = await it.finish()
    assert.equal(play.plays, 1)
    assert.equal(play.ended_plays, 1)
    assert.equal(play.video_playback_failure_rate, 0)
    assertFigures(play, it.sent, own)
    assertWaits(it.sent, own, opened)
    assertSeeks(it.sent, own, 1000)
    const seek = it.sent.find(event => event.type === 'seeked' && event.position_ms < 1500)
    assert.ok(seek.from_ms > 6000, `seek from ${seek.from_ms}`)
    assert.equal(own.pauses.length, 1)
    near('paused', it.sent.find(event => event.type === 'paused').time, own.pauses[0].from, 100 + own.lateMs)
    near('resumed', it.sent.find(event => event.type === 'resumed').time, own.pauses[0].until, 100 + own.lateMs)
    assert.deepEqual(types(it.sent).sort(), ['heartbeat', 'paused', 'play_ended', 'play_requested', 'play_started', 'resumed', 'seeked', 'stall_ended', 'stall_started'])
  })

  test('a medium that is missing fails the start', async () => {
    const it = await open('/video', { file: 'missing.mp4' })
    await it.begin()
    await it.until('the element fails', 'video.error')
    const play = await it.result(f => f.play_requests === 1 && f.video_start_failure_rate === 1)
    assert.equal(play.plays, 0)
    const error = await eventually('the page has sent its error', patience, () => it.sent.find(event => event.type === 'error'), found => found)
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
    await it.until('the element fails', 'video.error')
    const play = await it.result(f => f.video_playback_failure_rate === 1)
    assert.equal(play.plays, 1)
    assert.equal(play.ended_plays, 1)
    await it.context.close()
  })

  test('a start that nobody waits for is an exit', async () => {
    const it = await open('/video')
    it.media.bytes = 0
    await it.page.evaluate(() => { void begin() })
    await it.until('it was asked to play', 'measured().playAt')
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
    const arrived = await eventually('what was said in the meantime has arrived', patience, () => it.acknowledged.map(event => event.seq).sort((a, b) => a - b),
      () => it.acknowledged.some(event => event.type === 'resumed'))
    assert.deepEqual([...new Set(arrived)], Array.from({ length: arrived.at(-1) + 1 }, (_, seq) => seq), 'nothing is missing')
    const { own, play } = await it.finish()
    assert.equal(play.plays, 1)
    assertFigures(play, it.sent, own)
    assertWaits(it.sent, own)
  })

  test('a replay is another play', async () => {
    const it = await open('/video')
    await it.begin()
    await it.position(1)
    await it.page.evaluate(seconds => { video.currentTime = seconds }, mediaSeconds - 1.5)
    await it.until('it ends', 'measured().endedAt')
    await it.page.evaluate(() => video.play())
    await it.until('plays from the start', 'video.currentTime > 0.5 && video.currentTime < 20')
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
      await it.until('runs dry, for two seconds', 'measured().dryMs > 2000')
      const opened = Date.now()
      it.media.open()
      await it.until('plays on', '!measured().stalledNow')
      await it.page.waitForTimeout(500)
      const { own, play } = await it.finish()
      assert.equal(play.plays, 1)
      assert.equal(play.play_requests, 1)
      assertFigures(play, it.sent, own)
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
    assertFigures(play, it.sent, own)
  })

  test('by a script element alone', async () => {
    const it = await open('/auto', { config: { key: '', auto: server.writeKey } })
    await it.begin()
    await it.position(1)
    const { own, play } = await it.finish()
    assert.equal(play.plays, 1)
    assertFigures(play, it.sent, own)
  })

  test('artwork seen for a second, and clicked', async () => {
    const it = await open('/artwork')
    const impressions = () => it.sent.filter(event => event.type === 'impression')
    const acknowledged = (what, check) => eventually(what, patience, () => it.acknowledged, events => events.some(check))
    await acknowledged('an impression', event => event.type === 'impression')
    // The second for too short: for how long the page says, since a busy one scrolls back late.
    const shownMs = await it.page.evaluate(() => new Promise(done => {
      let shown
      new IntersectionObserver(([{ isIntersecting }], observer) => {
        if (isIntersecting) {
          shown = performance.now()
          setTimeout(() => scrollTo(0, 0), 300)
        } else if (shown) {
          observer.disconnect()
          done(performance.now() - shown)
        }
      }).observe(document.querySelectorAll('.card')[1])
      document.querySelectorAll('.card')[1].scrollIntoView()
    }))
    await it.page.waitForTimeout(1500) // the first again, within ten seconds
    await it.page.evaluate(() => document.querySelectorAll('.card')[0].click())
    await acknowledged('a select', event => event.type === 'select')
    await it.page.evaluate(() => {
      const card = document.querySelector('.card').cloneNode()
      card.setAttribute('data-playhead-impression', 'art-3')
      document.querySelector('.card').replaceWith(card) // a page that changes
    })
    await acknowledged('an impression of what came later', event => event.creative_id === 'art-3')
    const of = art => impressions().filter(event => event.creative_id === art)
    const first = of('art-1')
    for (const [i, again] of first.entries()) if (i > 0) assert.ok(again.time - first[i - 1].time >= 10_000, 'the first was seen again within ten seconds')
    if (shownMs < 900) assert.equal(of('art-2').length, 0, `the second was seen for ${shownMs} ms`)
    assert.equal(of('art-3').length, 1)
    const select = it.sent.find(event => event.type === 'select')
    const impression = first.findLast(event => event.time <= select.time)
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
      const [{ anonymous_id, session_id }] = await eventually('it sends', patience, () => it.sent, events => events.length > 0)
      await it.context.close()
      return { storage, anonymous: !!anonymous_id, session: !!session_id }
    }
    assert.deepEqual(await kept({}), { storage: [[], '', []], anonymous: false, session: true })
    assert.deepEqual(await kept({ persist: true }), { storage: [['playhead'], '', []], anonymous: true, session: true })
    assert.deepEqual(await kept({ persist: 'cookie' }), { storage: [[], 'playhead', []], anonymous: true, session: true })
  })
})
