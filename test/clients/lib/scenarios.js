// What each player is put through, and what must come out of it.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { launch } from './browser.js'
import { media } from './media.js'
import { startMediaServer } from './mediaserver.js'
import { came, open, starve } from './play.js'
import { pages } from './players.js'
import { startServer } from './server.js'

// segmentFrom tells video segments from the given number on.
const segmentFrom = number => path => {
  const found = /(?:low|seg0-)(\d+)\.\w+$/.exec(path)
  return found && Number(found[1]) >= number
}
const missingFrom = number => path => segmentFrom(number)(path) ? { status: 404 } : undefined

// watched plays, pauses, seeks, starves, plays on and has its tab closed.
async function watched(world, play) {
  await play.start()
  await play.until('it plays', 'video.currentTime > 2.5')
  await play.video('video.pause()')
  await play.wait(2500)
  await play.video('video.play()')
  await play.wait(1500)
  await play.video('video.currentTime = 1') // within the buffer
  await play.wait(1500)
  await play.video('video.currentTime = 20') // outside of it
  await play.wait(3500) // what starves it now is not the seek's
  await starve(play, 1500)
  await play.wait(1500)
  const measured = await play.heard()
  await play.close()
  await new Promise(done => setTimeout(done, 1500))
  const atOnce = await came(world, play)
  await new Promise(done => setTimeout(done, 3000))
  return { measured, atOnce, later: await came(world, play) }
}

// ended plays to the end.
async function ended(world, play) {
  await play.start()
  await play.until('it plays', 'video.currentTime > 1')
  await play.video('video.currentTime = 37')
  await play.until('it ends', 'video.ended')
  const measured = await play.measured()
  await play.wait(1500)
  const open = await came(world, play)
  await play.close()
  return { measured, open }
}

// failed plays until a segment is missing.
async function failed(world, play) {
  await play.start()
  await play.until('the player gives up', 'session.fatal !== null', 30_000)
  const { fatalAt } = await play.video('({ fatalAt: session.fatalAt })')
  await play.until('the buffer is empty', 'session.measured().stalledNow || video.paused', 15_000)
  const measured = await play.measured()
  await play.wait(1000)
  await play.close()
  return { fatalAt, measured }
}

// unstarted never gets a first segment.
async function unstarted(world, play) {
  await play.start()
  await play.until('the player gives up', 'session.fatal !== null', 30_000)
  await play.wait(500)
  await play.close()
  return {}
}

// left has its tab closed before anything came.
async function left(world, play) {
  await play.start()
  await play.wait(3500)
  await play.close()
  return {}
}

const never = new Promise(() => {})
const all = {
  watched: { run: watched },
  ended: { run: ended },
  failed: { run: failed, settings: { retries: 1, rule: missingFrom(5) } },
  unstarted: { run: unstarted, settings: { retries: 1, rule: missingFrom(0) } },
  left: { run: left, settings: { rule: path => segmentFrom(0)(path) ? { holdUntil: never } : undefined } },
}

// playerTests runs every scenario of a player with each of its streams, and
// tests what came out. quirks change what is expected; see docs/clients.md.
export function playerTests(player, streams, { quirks = {}, also = [] } = {}) {
  let world
  const results = {}
  before(async () => {
    const server = await startServer()
    const mediaServer = await startMediaServer({ folder: await media(), pages })
    world = { server, mediaServer, browser: await launch() }
    const go = async (name, file) => {
      const play = await open(world, player, file, all[name].settings)
      const result = results[`${name} ${file}`] = { play }
      try {
        Object.assign(result, await all[name].run(world, play))
      } catch (error) {
        result.error = error
        await play.close()
      }
    }
    // The longest has the machine for itself: others would stall it.
    await Promise.all(streams.map(file => go('watched', file)).concat(also.map(run => run(world))))
    for (const file of streams) await Promise.all(['ended', 'failed', 'unstarted', 'left'].map(name => go(name, file)))
    await server.settle()
    await new Promise(done => setTimeout(done, 1500))
    for (const result of Object.values(results)) {
      result.came = await came(world, result.play)
      if (process.env.RECORD) await record(process.env.RECORD, result.play)
    }
  }, { timeout: 240_000 })
  after(async () => {
    await world?.browser?.close()
    await world?.mediaServer?.stop()
    await world?.server?.stop()
  })

  for (const file of streams) {
    const of = name => {
      const result = results[`${name} ${file}`]
      if (result.error) throw result.error
      return result
    }
    const quirk = quirks[file] ?? {}
    test(`${player}, ${file}: a play is counted as the element measured it`, () => checkWatched(of('watched')))
    test(`${player}, ${file}: it ends with the media`, () => checkEnded(of('ended')))
    test(`${player}, ${file}: a missing segment is a playback failure`, () => checkFailed(of('failed'), quirk))
    test(`${player}, ${file}: a missing first segment is a start failure`, () => checkUnstarted(of('unstarted'), quirk))
    test(`${player}, ${file}: a tab closed before the first frame is an exit`, () => checkLeft(of('left'), quirk))
  }
}

const near = (got, want, within, what, all) => assert.ok(Math.abs(got - want) <= within, `${what}: ${Math.round(got)} ms, measured ${Math.round(want)} ms; ${JSON.stringify(all)}`)

// toldStartup is the time from the player's own word "starting", or from its
// first word on how it stands where it has none such (shaka-player), to "playing".
function toldStartup(lines) {
  const first = said => lines.flatMap(line => {
    const time = said.test(line) && /(?:^|,)ts=(\d+)/.exec(line)
    return time ? [Number(time[1])] : []
  }).sort((a, b) => a - b)[0]
  return first(/(?:^|,)sta=p(?:,|$)/) - (first(/(?:^|,)sta=s(?:,|$)/) ?? first(/(?:^|,)sta=/))
}

function checkWatched({ play, measured, atOnce, later, came }) {
  const all = { measured, came }
  console.log(`watched ${Math.round(measured.watchedMs)} ms, counted ${Math.round(came.watchMs)}; stalled ${Math.round(measured.stallMs)}, counted ${Math.round(came.stallMs)} and ${Math.round(came.seekStallMs)} after seeks; startup ${Math.round(measured.startupMs)}, counted ${Math.round(came.startup_time)}`)
  assert.equal(came.plays, 1)
  assert.equal(came.play_requests, 1)
  near(came.watchMs, measured.watchedMs, 1000, 'watch time', all)
  assert.ok(measured.pausedMs > 2400, 'there was a pause, and it is not in the watch time')
  near(came.mediaMs, measured.watchedMs - measured.startupMs - measured.stallMs - measured.seekStallMs, 1500, 'media time', all)
  // What the player said, not what the element measured: on a busy machine its
  // first words come a second late, and shaka-player's "playing" before a picture.
  const told = toldStartup(play.lines)
  near(came.startup_time, told, 50, 'startup', { lines: play.lines.slice(0, 8), ...all })
  assert.ok(told > 0 && told < measured.startupMs + 600, `a startup of ${told} ms, measured ${measured.startupMs}`)
  assert.ok(measured.stalls >= 1, 'it was starved')
  near(came.stallMs, measured.stallMs, 600, 'the stall', all)
  assert.ok(came.stalls >= measured.stalls && came.stalls <= measured.stalls + measured.seeks + 1, `${came.stalls} stalls`)
  assert.ok(came.seekStallMs < measured.seekStallMs + 1000, `the seeks made stalls of ${came.seekStallMs} ms, measured ${measured.seekStallMs}`)
  assert.equal(came.video_playback_failure_rate, 0)
  assert.equal(came.exits_before_video_start, 0)
  assert.notEqual(came.play_completion_rate, null, 'position and duration are known')
  assert.equal(later.watchMs, atOnce.watchMs, 'a closed tab watches no longer')
  assert.equal(came.watchMs, atOnce.watchMs, 'nor when silence has closed the play')
  assert.equal(came.ended_plays, 1)
}

// Where pages start side by side, a player's first report can be late by more
// than a second; what comes after the first frame is compared then.
const sinceFrame = ({ watchMs, startup_time, watchedMs, startupMs }) => (watchMs ?? watchedMs) - (startup_time ?? startupMs)

function checkEnded({ measured, open, came }) {
  assert.equal(open.ended_plays, 1, 'it has ended before silence closes it')
  assert.equal(came.plays, 1)
  assert.equal(came.ended_plays, 1)
  assert.equal(came.video_playback_failure_rate, 0)
  near(sinceFrame(came), sinceFrame(measured), 1000, 'watch time after the first frame', { measured, came })
  near(came.stallMs, measured.stallMs, 600, 'stalls', { measured, came })
}

function checkFailed({ fatalAt, measured, came }) {
  assert.equal(came.plays, 1)
  assert.equal(came.ended_plays, 1)
  assert.equal(came.video_playback_failure_rate, 1)
  assert.ok(sinceFrame(came) > sinceFrame(fatalAt) - 1000 && sinceFrame(came) < sinceFrame(measured) + 1000,
    `watch time ${sinceFrame(came)} ms after the first frame; the player gave up at ${sinceFrame(fatalAt)} ms, its buffer ended at ${sinceFrame(measured)} ms`)
}

function checkUnstarted({ came }, { silentStartFailure = false, earlyPlay = false }) {
  assert.equal(came.play_requests, 1)
  if (earlyPlay && came.plays === 1) return assert.equal(came.video_playback_failure_rate, 1)
  assert.equal(came.plays, 0)
  assert.equal(came.video_start_failure_rate, silentStartFailure ? 0 : 1)
  assert.equal(came.exits_before_video_start, silentStartFailure ? 1 : 0)
}

function checkLeft({ came }, { earlyPlay = false }) {
  assert.equal(came.play_requests, 1)
  if (earlyPlay && came.plays === 1) return assert.equal(came.video_playback_failure_rate, 0)
  assert.equal(came.plays, 0)
  assert.equal(came.exits_before_video_start, 1)
  assert.equal(came.video_start_failure_rate, 0)
}

// record writes what a player sent, for the golden files of the decoder.
async function record(folder, play) {
  const { appendFile, mkdir } = await import('node:fs/promises')
  await mkdir(folder, { recursive: true })
  await appendFile(`${folder}/${play.name}.cmcd`, play.lines.join('\n') + '\n')
}
