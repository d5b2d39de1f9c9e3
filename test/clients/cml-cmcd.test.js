// CmcdReporter of @svta/cml-cmcd 2.7.0 in plain Node: what hls.js and dash.js
// report with, driven to the millisecond, over a network that delays, repeats
// and swaps.
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, describe, test } from 'node:test'
import { CmcdReporter, validateCmcdEvents } from '@svta/cml-cmcd'
import { spoken } from './lib/cmcd.js'
import { came } from './lib/play.js'
import { eventually, startServer } from './lib/server.js'

const events = ['ps', 't', 'e', 'pr', 'bc', 'rr', 'as', 'ae', 'abs', 'abe', 'm', 'um', 'ce', 'c']
const keys = ['sid', 'cid', 'ts', 'sn', 'e', 'sta', 'v', 'br', 'bl', 'mtp', 'pt', 'pr', 'msd', 'ec', 'st', 'sf', 'cdn', 'cen', 'com.playhead-duration', 'com.playhead-viewer', 'com.playhead-code']
const wait = ms => new Promise(done => setTimeout(done, ms))
// spin lets ms pass and nobody else in.
const spin = ms => { for (const end = Date.now() + ms; Date.now() < end;); }

let server
before(async () => { server = await startServer() })
after(() => server?.stop())

// reporter is a CmcdReporter. By the times of its own reports, spent(state) is how
// long it was in a state, waits() are its waits.
function reporter({ send = fetch, batchSize = 1, interval = 1, query = '' } = {}) {
  const play = { sid: randomUUID(), cid: `cml-${randomUUID().slice(0, 8)}`, lines: [], sent: [], name: 'cml-cmcd' }
  play.cmcd = new CmcdReporter({
    sid: play.sid, cid: play.cid, version: 2,
    eventTargets: [{ url: `${server.url}/cmcd?k=${server.writeKey}${query}`, events, interval, batchSize, enabledKeys: keys }],
  }, async ({ url, ...init }) => {
    play.lines.push(...init.body.trim().split('\n'))
    const answer = send(url, init)
    play.sent.push(answer)
    return answer
  })
  play.say = (state, more = {}) => play.cmcd.update({ sta: state, ...more })
  const lasted = ({ from, until }) => until - from
  play.spent = (...states) => spoken(play.lines).spans.filter(({ state }) => states.includes(state)).reduce((ms, span) => ms + lasted(span), 0)
  play.waits = () => spoken(play.lines).spans.filter(({ state }) => state === 'r').map(lasted)
  // at is when an event was reported first.
  play.at = event => Number(/(?:^|,)ts=(\d+)/.exec(play.lines.find(line => new RegExp(`(?:^|,)e=${event}(?:,|$)`).test(line)))[1])
  play.stop = async () => {
    play.cmcd.stop(true)
    await Promise.allSettled(play.sent)
  }
  return play
}

const patience = 60_000 // ms, after which something hangs
// over waits until the play is, and returns what came out of it.
const over = play => eventually(`${play.cid} is over`, patience, () => came({ server }, play), f => f.ended_plays === 1 || f.video_start_failure_rate > 0)
const settled = async play => {
  await server.settle()
  return over(play)
}
const near = (got, want, within, what) => assert.ok(Math.abs(got - want) <= within, `${what}: ${got}, not ${want}`)

// life is a play with everything in it.
async function life(play) {
  play.cmcd.update({ sf: 'h', st: 'v', 'com.playhead-duration': '60000' })
  play.cmcd.start()
  play.say('s')
  await wait(300)
  play.say('p', { br: [2500], pt: 0 })
  await wait(1500)
  play.say('k') // the data is there
  spin(5)
  play.say('r')
  spin(10)
  play.say('p', { pt: 20_000 })
  await wait(1200)
  play.say('a')
  await wait(1500)
  play.say('p')
  await wait(3200) // not within three seconds of the seek
  play.say('r')
  await wait(600)
  play.say('p')
  await wait(1000)
}

const checkLife = (play, figures) => {
  assert.equal(figures.plays, 1)
  assert.equal(figures.play_requests, 1)
  // The wait in the seek is too short for a stall, unless the machine did other things in between.
  const [inSeek, stall] = play.waits(), seekStall = inSeek > 50 ? inSeek : 0
  assert.equal(figures.stalls, seekStall ? 2 : 1, 'the stall; the seek is none')
  near(figures.stallMs, stall, 5, 'stalled ms')
  near(figures.seekStallMs, seekStall, 5, 'stalled ms after seeks')
  near(figures.watchMs, play.spent('s', 'p', 'k', 'r'), 5, 'watched ms')
  near(figures.startup_time, play.spent('s'), 30, 'startup ms')
  assert.equal(figures.ended_plays, 1)
  assert.equal(figures.video_playback_failure_rate, 0)
}

// Custom keys must be strings by CTA-5004; numbers are understood as well.
describe('CmcdReporter', { concurrency: true }, () => {
  test('a life, ended by the player', async () => {
    const play = reporter()
    await life(play)
    play.say('e')
    await play.stop()
    const figures = await over(play)
    checkLife(play, figures)
    const { valid, issues } = validateCmcdEvents(play.lines.join('\n'))
    assert.ok(valid, JSON.stringify(issues))
    if (process.env.RECORD) {
      const { appendFile } = await import('node:fs/promises')
      await appendFile(`${process.env.RECORD}/cml-cmcd.cmcd`, play.lines.join('\n') + '\n')
    }
  })

  test('the same over a network that delays, swaps and repeats', async () => {
    let n = 0
    const send = async (url, init) => {
      const turn = n++
      await wait([0, 900, 50, 1700, 300][turn % 5])
      if (turn % 3 === 0) await fetch(url, init)
      return fetch(url, init)
    }
    const play = reporter({ send })
    await life(play)
    play.say('e')
    await play.stop()
    checkLife(play, await settled(play))
  })

  test('the same in batches, kept while the server is away', async () => {
    let n = 0
    const send = (url, init) => n++ % 2 ? fetch(url, init) : Promise.resolve({ status: [503, 429][n % 4 >> 1] })
    const play = reporter({ send, batchSize: 3 })
    await life(play)
    play.say('q')
    for (let i = 0; i < 6; i++) { // a queue that was refused goes with the next report
      await wait(50)
      await Promise.allSettled(play.sent)
      play.cmcd.flush()
    }
    await play.stop()
    checkLife(play, await settled(play))
  })

  test('silence ends a play where it was last heard', async () => {
    const play = reporter()
    play.cmcd.start()
    play.say('s')
    await wait(100)
    play.say('p')
    await wait(2100) // the last report is of the second second
    play.cmcd.stop()
    await Promise.allSettled(play.sent)
    const { request, last } = spoken(play.lines)
    assert.ok(last - request > 1000, 'reports came at their interval')
    const before = await eventually('its last report counts', patience, () => came({ server }, play), f => f.watchMs >= last - request)
    await wait(2000)
    const figures = await settled(play)
    assert.equal(figures.watchMs, before.watchMs)
    near(figures.watchMs, last - request, 1, 'watched ms')
    assert.equal(figures.ended_plays, 1)
  })

  test('errors: fatal before a first frame, fatal after it, and not fatal', async () => {
    const [start, late, small] = [reporter(), reporter(), reporter()]
    for (const play of [start, late, small]) { play.cmcd.start(); play.say('s') }
    await wait(300)
    start.say('f')
    start.cmcd.recordEvent('e', { ec: ['manifestLoadError'] })
    late.say('p')
    small.say('p')
    await wait(700)
    late.say('f')
    late.cmcd.recordEvent('e', { ec: ['fragLoadError'] })
    small.cmcd.recordEvent('e', { ec: ['bufferStalledError'] })
    await wait(700)
    small.say('e')
    await Promise.all([start, late, small].map(play => play.stop()))
    const [a, b, c] = await Promise.all([start, late, small].map(over))
    assert.deepEqual([a.plays, a.play_requests, a.video_start_failure_rate, a.exits_before_video_start], [0, 1, 1, 0])
    assert.deepEqual([b.plays, b.ended_plays, b.video_playback_failure_rate], [1, 1, 1])
    near(b.watchMs, late.spent('s', 'p'), 5, 'watched until the error')
    assert.deepEqual([c.plays, c.ended_plays, c.video_playback_failure_rate], [1, 1, 0])
    near(c.watchMs, small.spent('s', 'p'), 5, 'watched in spite of the error')
  })

  test('ads are neither watched nor stalls', async () => {
    const play = reporter()
    play.cmcd.start()
    play.say('s')
    await wait(100)
    play.say('p')
    await wait(800)
    play.cmcd.recordEvent('abs')
    play.cmcd.recordEvent('as')
    await wait(500)
    play.cmcd.recordEvent('ae')
    play.cmcd.recordEvent('as')
    await wait(500)
    play.cmcd.recordEvent('ae')
    play.cmcd.recordEvent('abe')
    await wait(800)
    play.say('e')
    await play.stop()
    const figures = await over(play), adMs = play.at('abe') - play.at('abs')
    assert.equal(figures.plays, 1)
    assert.equal(figures.stalls, 0)
    near(figures.watchMs, play.spent('s', 'p') - adMs, 60, 'watched ms without ads')
  })

  test('a viewer by key, by URL, or none', async () => {
    const viewer = `viewer-${randomUUID()}`
    const byKey = reporter(), byURL = reporter({ query: `&v=${viewer}` }), none = reporter()
    byKey.cmcd.update({ 'com.playhead-viewer': viewer })
    for (const play of [byKey, byURL, none]) { play.cmcd.start(); play.say('p') }
    await wait(300)
    for (const play of [byKey, byURL, none]) play.say('e')
    await Promise.all([byKey, byURL, none].map(play => play.stop()))
    await Promise.all([byKey, byURL, none].map(over))
    const rows = await server.query({ metrics: ['viewers', 'plays'], where: [{ dimension: 'title', in: [byKey.cid, byURL.cid] }] })
    assert.deepEqual(rows, [{ viewers: 1, plays: 2 }], 'the same viewer either way')
    const [unknown] = await server.query({ metrics: ['viewers', 'plays'], where: [{ dimension: 'title', in: [none.cid] }] })
    assert.deepEqual(unknown, { viewers: 0, plays: 1 }, 'a session is a play and no viewer')
  })

  test('custom events say what a player does not', async () => {
    const [error, left] = [reporter(), reporter()]
    for (const play of [error, left]) { play.cmcd.start(); play.say('p') }
    await wait(500)
    error.cmcd.recordEvent('ce', { cen: 'playhead-error', 'com.playhead-code': 'E42' })
    left.cmcd.recordEvent('ce', { cen: 'playhead-end' })
    await Promise.all([error, left].map(play => play.stop()))
    const [a, b] = await Promise.all([error, left].map(over))
    assert.deepEqual([a.plays, a.ended_plays, a.video_playback_failure_rate], [1, 1, 1])
    assert.deepEqual([b.plays, b.ended_plays, b.video_playback_failure_rate], [1, 1, 0])
  })
})

test('nothing of it was rejected', async () => {
  const text = await (await fetch(`${server.url}/metrics`)).text()
  assert.match(text, /playhead_collect_events_total\{[^}]*result="accepted"/)
  assert.doesNotMatch(text, /playhead_collect_events_total\{[^}]*result="rejected"/)
  assert.doesNotMatch(text, /playhead_collect_unknown_fields_total [1-9]/)
})
