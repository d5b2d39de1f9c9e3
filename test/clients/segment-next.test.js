// @segment/analytics-next in Chromium tells what a <video> under hls.js does, in
// the words of the Video spec; what comes out is compared with what the element
// itself measured.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { launch } from './lib/browser.js'
import { media } from './lib/media.js'
import { startMediaServer } from './lib/mediaserver.js'
import { came, open, starve } from './lib/play.js'
import { eventually, startServer } from './lib/server.js'
import { page } from './lib/videospec.js'
import { watchedMs } from './lib/waits.js'

const world = {}
before(async () => {
  const folder = await media()
  ;[world.server, world.browser, world.mediaServer] = await Promise.all([
    startServer(), launch(), startMediaServer({ folder, pages: { 'segment-next': page } }),
  ])
})
after(async () => {
  await world.browser?.close()
  await Promise.all([world.mediaServer?.stop(), world.server?.stop()])
})

async function begin(settings) {
  const { host } = new URL(world.server.url)
  const play = await open(world, 'segment-next', 'hls/main.m3u8', { host, key: world.server.writeKey, viewer: 'viewer-of-segment-next', ...settings })
  play.paths = new Set()
  play.page.on('request', request => { if (request.url().startsWith(world.server.url)) play.paths.add(`${request.method()} ${new URL(request.url()).pathname}`) })
  await play.start()
  return play
}

const patience = 60_000 // ms, after which something hangs
const near = (what, got, want, by) => assert.ok(Math.abs(got - want) <= by, `${what}: ${got}, want ${want} ± ${by}`)

for (const batching of ['', 'batching']) {
  test(`play, pause, stall, seek, end; ${batching || 'one event a request'}`, async () => {
    const play = await begin({ batching })
    await play.until('it plays', 'video.currentTime >= 2')
    await play.video('video.pause()')
    await play.wait(1500)
    await play.video('video.play()')
    await play.until('it plays on', 'video.currentTime >= 3')
    const opened = await starve(play, 1500)
    await play.until('it plays for longer than a seek counts', `video.currentTime >= ${await play.video('video.currentTime')} + 1`)
    await play.video('video.currentTime = 37')
    await play.until('it ends', 'session.measured().endedAt')
    const own = await play.measured()
    const f = await eventually('the play has ended', patience, () => came(world, play), row => row.ended_plays === 1)
    assert.equal(f.plays, 1)
    assert.equal(f.play_requests, 1)
    // What a busy machine makes the player wait for besides counts as well.
    const words = JSON.stringify({ f, own })
    const slack = 200 + own.lateMs
    const made = own.waits.find(wait => wait.from < opened && wait.until >= opened)
    assert.ok(made, `the stall that the test made: ${words}`)
    // A wait that begins in a seek may go on after it by the event "waiting", and is told then.
    const sum = waits => waits.reduce((ms, wait) => ms + wait.until - wait.from, 0)
    const waited = own.waits.filter(wait => wait.by !== 'seeking')
    const most = slack * (1 + own.waits.length), stallMs = f.stallMs + f.seekStallMs
    assert.ok(f.stalls >= 1 && f.stalls <= own.waits.length, `${f.stalls} stalls, ${own.waits.length} waits: ${words}`)
    assert.ok(stallMs >= sum(waited) - most && stallMs <= sum(own.waits) + most, `stalls of ${stallMs} ms, waits of ${sum(waited)} to ${sum(own.waits)} ms: ${words}`)
    assert.ok(f.stallMs >= made.until - made.from - slack, `the stall that the test made: ${words}`)
    near(`watched ${words}`, f.watchMs, watchedMs(own, own.playAt, own.endedAt), slack * 2)
    // At least what the position moved in small steps (a busy page misses some), at most what was watched and no wait.
    const moved = watchedMs(own, own.frameAt, own.endedAt) - sum(waited)
    assert.ok(f.mediaMs >= own.mediaMs - 1000 - most && f.mediaMs <= moved + most, `media: ${f.mediaMs}, want ${own.mediaMs} to ${moved}; ${words}`)
    near(`startup ${words}`, f.startup_time, own.frameAt - own.playAt, slack)
    assert.equal(f.video_playback_failure_rate, 0)
    assert.deepEqual(play.complaints, [])
    assert.ok(play.paths.has(batching ? 'POST /v1/b' : 'POST /v1/t'), [...play.paths].join(', '))
    await play.close()
  })
}

test('a segment that is missing fails the play', async () => {
  const play = await begin({})
  await play.until('it plays', 'video.currentTime >= 1')
  play.rule(() => ({ status: 404 }))
  await play.until('it fails', 'session.fatal')
  const f = await eventually('the play has failed', patience, () => came(world, play), row => row.ended_plays === 1)
  assert.equal(f.plays, 1)
  assert.equal(f.video_playback_failure_rate, 1)
  await play.close()
})

test('a tab that is closed leaves a play that settles', async () => {
  const begun = Date.now()
  const play = await begin({})
  await play.until('it plays', 'video.currentTime >= 3')
  await eventually('it is said that it plays', patience, () => came(world, play), row => row.plays === 1 && row.watchMs > row.startup_time)
  await play.close()
  const closed = Date.now()
  await eventually('the play is there', patience, () => came(world, play), row => row.plays === 1)
  await world.server.settle()
  const f = await eventually('the play has ended', patience, () => came(world, play), row => row.ended_plays === 1)
  // Its end is the last thing that was heard of it. The player asks to play a moment before it says so: counted is from the page on.
  assert.ok(f.watchMs > f.startup_time && f.watchMs <= closed - begun, `watched ${f.watchMs} ms of ${closed - begun}`)
})
