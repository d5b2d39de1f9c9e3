// The play that clients of event formats tell, each in its own words: requested,
// first frame after 400 ms, a pause of 2 s, a seek, a stall of 1 s, the end. One
// that a fatal error cuts off. And one that is left without a word, as by a tab
// that is closed. All lie in the past minute.
import assert from 'node:assert/strict'
import { eventually } from './server.js'

export const durationMs = 60_000

const whole = [
  { at: 0, what: 'request', position: 0 },
  { at: 400, what: 'start', position: 0 },
  { at: 5400, what: 'heartbeat', position: 5000 },
  { at: 8400, what: 'pause', position: 8000 },
  { at: 10_400, what: 'resume', position: 8000 },
  { at: 12_400, what: 'seeking', position: 10_000, target: 30_000 },
  { at: 12_450, what: 'seeked', position: 30_000, from: 10_000 },
  { at: 16_000, what: 'stall', position: 33_550 },
  { at: 17_000, what: 'unstall', position: 33_550 },
  { at: 20_000, what: 'end', position: 36_550 },
]
const broken = [
  { at: 0, what: 'request', position: 0 },
  { at: 400, what: 'start', position: 0 },
  { at: 5400, what: 'heartbeat', position: 5000 },
  { at: 7400, what: 'error', position: 7000 },
]
const left = broken.slice(0, -1)

// stories are the plays of a client, with their titles and plays named after it.
export function stories(client) {
  const began = Date.now() - 60_000
  const tell = (name, steps) => steps.map(step => ({ ...step, time: began + step.at, title: `${client}-${name}`, play: `${client}-${name}-play` }))
  return { viewer: `viewer-of-${client}`, whole: tell('whole', whole), broken: tell('broken', broken), left: tell('left', left) }
}

export const everything = ({ whole, broken, left }) => [...whole, ...broken, ...left]

// segment words a step as an event of Segment's Video spec.
export function segment({ what, position, target, title, play }) {
  const player = { session_id: play, content_asset_id: title, position: position / 1000 }
  const asset = { session_id: play, asset_id: title, position: position / 1000, total_length: durationMs / 1000, livestream: false }
  switch (what) {
    case 'request': return ['Video Playback Started', { session_id: play, content_asset_ids: [title], position: 0, total_length: durationMs / 1000, video_player: 'html5' }]
    case 'start': return ['Video Content Started', asset]
    case 'heartbeat': return ['Video Content Playing', { ...asset, bitrate: 1200 }]
    case 'pause': return ['Video Playback Paused', player]
    case 'resume': return ['Video Playback Resumed', player]
    case 'seeking': return ['Video Playback Seek Started', { ...player, seek_position: target / 1000 }]
    case 'seeked': return ['Video Playback Seek Completed', player]
    case 'stall': return ['Video Playback Buffer Started', player]
    case 'unstall': return ['Video Playback Buffer Completed', player]
    case 'error': return ['Video Playback Error', { ...player, code: 'decode', message: 'no' }]
    case 'end': return ['Video Playback Completed', player]
  }
  throw new Error(what)
}

const types = {
  request: 'play_requested', start: 'play_started', heartbeat: 'heartbeat', pause: 'paused', resume: 'resumed', seeked: 'seeked',
  stall: 'stall_started', unstall: 'stall_ended', error: 'error', end: 'play_ended',
}

// native words a step as one of our own events; only the time and the id are
// left to what carries it. It has no word for a seek that begins.
export function native({ what, position, from, title, play }, viewer) {
  if (!types[what]) return null
  return {
    type: types[what], viewer_id: viewer, play_id: play, title_id: title, position_ms: position, duration_ms: durationMs,
    ...(from === undefined ? {} : { from_ms: from }),
    ...(what === 'error' ? { quality: { error_code: 'decode', error_fatal: true } } : {}),
  }
}

const figures = ['plays', 'play_requests', 'ended_plays', 'viewers', 'startup_time', 'watch_hours', 'media_hours', 'stalls', 'rebuffering_ratio', 'video_playback_failure_rate']
const ms = hours => Math.round(hours * 3_600_000)

// assertPlays waits for the plays and holds them to what was told. seekMs is how
// long the seek lasted by the format's own words.
export async function assertPlays(server, { whole, broken, left }, { seekMs = 50 } = {}) {
  const ask = steps => eventually(steps[0].title, 60_000, () => server.title(steps[0].title, figures), row => row.ended_plays === 1)
  const good = await ask(whole)
  const seen = row => ({ ...row, watch_hours: ms(row.watch_hours), media_hours: ms(row.media_hours), rebuffering_ratio: Math.round(row.rebuffering_ratio * ms(row.watch_hours)) })
  assert.deepEqual(seen(good), {
    // 400 ms until the first frame, 16,550 playing, 1,000 waiting and the seek; not the pause of 2,000.
    plays: 1, play_requests: 1, ended_plays: 1, viewers: 1, startup_time: 400, watch_hours: 18_000, media_hours: 16_600 - seekMs,
    stalls: 1, rebuffering_ratio: 1000, video_playback_failure_rate: 0,
  })
  assert.deepEqual(seen(await ask(broken)), {
    plays: 1, play_requests: 1, ended_plays: 1, viewers: 1, startup_time: 400, watch_hours: 7400, media_hours: 7000,
    stalls: 0, rebuffering_ratio: 0, video_playback_failure_rate: 1,
  })
  await server.settle() // what silence would do in half an hour
  assert.deepEqual(seen(await ask(left)), {
    plays: 1, play_requests: 1, ended_plays: 1, viewers: 1, startup_time: 400, watch_hours: 5400, media_hours: 5000,
    stalls: 0, rebuffering_ratio: 0, video_playback_failure_rate: 0,
  })
}

// entries are what the event debugger shows of a format.
export async function entries(server, format) {
  const answer = await fetch(`${server.url}/api/v1/events/tail?format=${format}`, { headers: { authorization: `Bearer ${server.readToken}` } })
  assert.equal(answer.status, 200)
  const found = []
  let text = ''
  const reader = answer.body.getReader()
  const timer = setTimeout(() => reader.cancel(), 1000)
  for (;;) {
    const { done, value } = await reader.read()
    if (done) break
    text += Buffer.from(value).toString()
  }
  clearTimeout(timer)
  for (const [, json] of text.matchAll(/^data: (.*)$/gm)) {
    const entry = JSON.parse(json)
    if (entry.format === format) found.push(entry)
  }
  return found
}
