// shaka-player 5.2.12 in Chromium: its debug build, and what is wrong with the
// release builds.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { came, open } from './lib/play.js'
import { playerTests } from './lib/scenarios.js'

const release = {}

// An error within load() is told to the caller alone, not to CMCD: with
// MPEG-TS the first segment is part of loading. With DASH it sometimes says p
// once there is audio, before a first frame: the failure is then one of playback.
playerTests('shaka', ['hls/main.m3u8', 'dash/main.mpd'], {
  quirks: { 'hls/main.m3u8': { silentStartFailure: true }, 'dash/main.mpd': { earlyPlay: true } },
  also: [async world => {
    const play = await open(world, 'shaka-release', 'dash/main.mpd')
    await play.start()
    await play.until('it plays', 'video.currentTime > 4')
    await play.close()
    release.lines = play.lines
    release.came = await came(world, play)
  }],
})

// When this fails, shaka-player has mended it: say so in docs/clients.md.
test('the release builds of shaka-player say no state', () => {
  assert.ok(release.lines.length > 3, 'it reports')
  assert.deepEqual(release.lines.filter(line => /(^|,)(sta=|e=ps)/.test(line)), [])
  console.log(`${release.lines.length} reports, ${release.came.plays} plays`)
})
