// The web client of Eyevinn's player analytics on a bare <video> in Chromium.
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, test } from 'node:test'
import { launch } from './lib/browser.js'
import { media } from './lib/media.js'
import { startMediaServer } from './lib/mediaserver.js'
import { meterSource } from './lib/meter.js'
import { eventually, startServer } from './lib/server.js'
import { watchedMs } from './lib/waits.js'

const patience = 60_000 // ms, after which something hangs

// The package's module with its two dependencies, as a bundler would join them.
const page = url => `<!doctype html><meta charset="utf-8"><title>epas</title>
<script type="importmap">{"imports":{
  "@eyevinn/player-analytics-specification/package.json":"/spec.js",
  "@eyevinn/media-event-filter":"/npm/@eyevinn/media-event-filter/build/mef.min.js"}}</script>
<video id="video" muted playsinline preload="auto"></video>
<script src="/npm/hls.js/dist/hls.min.js"></script>
<script>${meterSource}</script>
<script type="module">
import { PlayerAnalyticsConnector } from '/npm/@eyevinn/player-analytics-client-sdk-web/dist/module.js'
const config = ${JSON.stringify(Object.fromEntries(url.searchParams))}
const video = document.getElementById('video')
window.video = video
try {
  const analytics = window.analytics = new PlayerAnalyticsConnector(config.sink)
  await analytics.init({ sessionId: config.session, heartbeatInterval: 2000 })
  window.session = { measured: meter(video) }
  // Before load: what is asked for has then a title from the start.
  analytics.reportMetadata({ contentId: config.title, contentTitle: 'A clip', deviceType: 'desktop', userId: 'anna@example.com' })
  analytics.load(video)
  video.addEventListener('error', () => analytics.reportError({ category: 'MEDIA', code: String(video.error.code), message: video.error.message }))
  if (config.media.endsWith('.m3u8')) {
    const hls = new Hls({ maxBufferLength: 4, maxMaxBufferLength: 4, fragLoadPolicy: { default: {
      maxTimeToFirstByteMs: 20_000, maxLoadTimeMs: 20_000, timeoutRetry: null, errorRetry: { maxNumRetry: 1, retryDelayMs: 100, maxRetryDelayMs: 100 } } } })
    hls.on(Hls.Events.LEVEL_SWITCHED, (_, { level }) => analytics.reportBitrateChange({ bitrate: hls.levels[level].bitrate / 1000 }))
    hls.on(Hls.Events.ERROR, (_, error) => { if (error.fatal) analytics.reportError({ category: 'NETWORK', code: error.details }) })
    hls.loadSource(config.media)
    hls.attachMedia(video)
  } else video.src = config.media
  video.play().catch(() => {})
} catch (error) { window.broken = String(error) }
</script>`

const figures = ['plays', 'play_requests', 'viewers', 'ended_plays', 'watch_hours', 'media_hours', 'startup_time', 'stalls', 'rebuffering_ratio',
  'video_start_failure_rate', 'video_playback_failure_rate']

let server, browser, mediaServer
before(async () => {
  server = await startServer()
  mediaServer = await startMediaServer({ folder: await media(), pages: { player: page, 'spec.js': '' } })
  browser = await launch()
})
after(async () => {
  await browser?.close()
  await mediaServer?.stop()
  await server?.stop()
})

async function open({ viewer = '', rule, file = 'clip.mp4' } = {}) {
  const lane = randomUUID().slice(0, 8), title = `epas-${lane}`, session = randomUUID()
  if (rule) mediaServer.rule(lane, rule)
  const tab = await browser.newPage()
  const sent = []
  tab.on('request', request => { if (request.method() === 'POST') sent.push(request.postData()) })
  await tab.route('**/spec.js', route => route.fulfill({ contentType: 'text/javascript', body: 'export default { version: "0.3.1" }' }))
  const sink = `${server.url}/epas?k=${server.writeKey}${viewer && `&v=${viewer}`}`
  await tab.goto(`${mediaServer.url}/player?${new URLSearchParams({ sink, session, title, media: `${mediaServer.url}/media/${lane}/${file}` })}`)
  const until = expression => tab.waitForFunction(expression, null, { timeout: patience, polling: 50 })
  return { tab, title, lane, sent, until, rule: fn => mediaServer.rule(lane, fn), wait: ms => tab.waitForTimeout(ms) }
}

const came = async play => {
  const f = await server.title(play.title, figures)
  return { ...f, watchMs: f.watch_hours * 3_600_000, mediaMs: f.media_hours * 3_600_000 }
}
const ended = play => eventually('the play ended', patience, () => came(play), f => f.ended_plays === 1)
const between = (got, least, most, what, own) => assert.ok(got >= least && got <= most, `${what}: ${got} ms, the element measured ${least} to ${most} ms: ${JSON.stringify(own)}`)
const sum = waits => waits.reduce((ms, wait) => ms + (wait.until ?? Date.now()) - wait.from, 0)

test('play, pause, seek, stop', async () => {
  const play = await open({ viewer: 'anna' })
  await play.until('window.broken || video.currentTime > 3')
  assert.equal(await play.tab.evaluate('window.broken'), undefined)
  await play.tab.evaluate('video.pause()')
  await play.wait(2000)
  await play.tab.evaluate('video.play()')
  await play.wait(1000)
  await play.tab.evaluate('video.currentTime = 30')
  await play.until('video.currentTime > 32')
  const measured = await play.tab.evaluate('analytics.reportStop(), session.measured()')
  const f = await ended(play)
  if (process.env.EPAS_RECORD) (await import('node:fs')).appendFileSync(process.env.EPAS_RECORD, play.sent.join('\n') + '\n')
  assert.equal(f.plays, 1)
  assert.equal(f.play_requests, 1)
  assert.equal(f.viewers, 1)
  // A wait that the element did not have is none of the player's: the seek makes no stall.
  const waits = measured.waits.filter(wait => wait.by !== 'seeking')
  assert.ok(f.stalls <= waits.length, `${f.stalls} stalls: ${JSON.stringify(measured)}`)
  assert.equal(f.video_playback_failure_rate, 0)
  const watched = watchedMs(measured, measured.askedAt), slack = (300 + measured.lateMs) * (2 + measured.waits.length)
  between(f.watchMs, watched - slack, watched + slack, 'watched, without the pause', measured)
  // At least what the position moved in small steps (a busy page misses some), at most what was watched and no wait.
  between(f.mediaMs, measured.mediaMs - slack, watchedMs(measured, measured.frameAt) - sum(waits) + slack, 'media, without the seek', measured)
  const [at] = await server.query({ metrics: ['plays'], dimensions: ['device_type'], where: [{ dimension: 'title', in: [play.title] }] })
  assert.equal(at.device_type, 'desktop')
  await play.tab.close()
})

test('to the end', async () => {
  const play = await open()
  await play.until('video.currentTime > 1')
  await play.tab.evaluate('video.currentTime = video.duration - 2')
  await play.until('video.ended')
  const f = await ended(play)
  assert.equal(f.plays, 1)
  assert.equal(f.viewers ?? 0, 0, 'nobody is named: a play without a viewer')
  await play.tab.close()
})

test('a title that is missing fails to start', async () => {
  const play = await open({ rule: () => ({ status: 404 }) })
  const f = await eventually('the attempt failed', patience, () => came(play), f => f.video_start_failure_rate === 1)
  assert.equal(f.plays ?? 0, 0)
  if (process.env.EPAS_RECORD) (await import('node:fs')).appendFileSync(process.env.EPAS_RECORD, play.sent.join('\n') + '\n')
  await play.tab.close()
})

test('a starved player stalls, and fails when segments are missing', async () => {
  const play = await open({ file: 'hls/main.m3u8' })
  await play.until('video.currentTime > 2')
  let release
  const held = new Promise(done => { release = done })
  play.rule(() => ({ holdUntil: held }))
  await play.until('session.measured().dryMs > 1500')
  const opened = Date.now()
  play.rule(null)
  release()
  await play.until('!session.measured().stalledNow && video.readyState > 2')
  const made = (await play.tab.evaluate('session.measured()')).waits.find(wait => wait.from < opened && wait.until >= opened)
  assert.ok(made, 'the stall that the test made')
  const stallMs = f => f.rebuffering_ratio * f.watchMs
  const stalled = await eventually('the stall is over', patience, () => came(play), f => f.stalls >= 1 && stallMs(f) > made.until - made.from - 500)
  const measured = await play.tab.evaluate('session.measured()')
  assert.ok(stalled.stalls <= measured.waits.length, `${stalled.stalls} stalls: ${JSON.stringify(measured)}`)
  assert.ok(stallMs(stalled) < sum(measured.waits) + (500 + measured.lateMs) * measured.waits.length, `stalls of ${stallMs(stalled)} ms: ${JSON.stringify(measured)}`)
  play.rule(path => path.endsWith('.ts') ? { status: 404 } : undefined)
  const f = await eventually('the play failed', patience, () => came(play), f => f.video_playback_failure_rate === 1)
  assert.equal(f.plays, 1)
  await play.tab.close()
})

test('a closed tab is closed by silence', async () => {
  const play = await open()
  await play.until('video.currentTime > 3')
  await eventually('a heartbeat came', patience, () => came(play), f => f.plays === 1 && f.watchMs > 1500)
  const { askedAt } = await play.tab.evaluate('session.measured()')
  await play.tab.close()
  const closed = Date.now()
  await server.settle()
  const f = await ended(play)
  assert.equal(f.plays, 1)
  assert.ok(f.watchMs > 1500 && f.watchMs < closed - askedAt + 300, `watched ${f.watchMs} ms of ${closed - askedAt}: until the last heartbeat`)
})
