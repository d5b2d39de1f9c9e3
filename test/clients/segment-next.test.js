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

const near = (what, got, want, by) => assert.ok(Math.abs(got - want) <= by, `${what}: ${got}, want ${want} ± ${by}`)

for (const batching of ['', 'batching']) {
  test(`play, pause, stall, seek, end; ${batching || 'one event a request'}`, async () => {
    const play = await begin({ batching })
    await play.until('it plays', 'video.currentTime >= 2')
    await play.video('video.pause()')
    await play.wait(1500)
    await play.video('video.play()')
    await play.until('it plays on', 'video.currentTime >= 3')
    await starve(play, 1500)
    await play.until('it plays for longer than a seek counts', `video.currentTime >= ${await play.video('video.currentTime')} + 1`)
    await play.video('video.currentTime = 37')
    await play.until('it ends', 'video.ended')
    const own = await play.measured()
    const f = await eventually('the play has ended', 10_000, () => came(world, play), row => row.ended_plays === 1)
    assert.equal(f.plays, 1)
    assert.equal(f.play_requests, 1)
    assert.equal(own.stalls, 1)
    assert.equal(f.stalls, 1)
    near('stall', f.stallMs, own.stallMs, 400)
    near('watched', f.watchMs, own.watchedMs, 1000)
    // At least what the position moved in small steps (a busy page misses some), at most what was watched and no wait.
    const most = own.watchedMs - own.startupMs - own.stallMs
    assert.ok(f.mediaMs >= own.mediaMs - 1000 && f.mediaMs <= most + 500, `media: ${f.mediaMs}, want ${own.mediaMs} to ${most}`)
    near('startup', f.startup_time, own.startupMs, 300)
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
  await play.until('it fails', 'session.fatal', 30_000)
  const f = await eventually('the play has failed', 10_000, () => came(world, play), row => row.ended_plays === 1)
  assert.equal(f.plays, 1)
  assert.equal(f.video_playback_failure_rate, 1)
  await play.close()
})

test('a tab that is closed leaves a play that settles', async () => {
  const play = await begin({})
  await play.until('it plays', 'video.currentTime >= 3')
  const own = await play.measured()
  await play.close()
  await eventually('the play is there', 10_000, () => came(world, play), row => row.plays === 1)
  await world.server.settle()
  const f = await eventually('the play has ended', 10_000, () => came(world, play), row => row.ended_plays === 1)
  near('watched', f.watchMs, own.watchedMs, 2500) // the last heartbeat may be 2 s old
})
