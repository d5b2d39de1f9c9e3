// What each player is put through, and what must come out of it.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { launch } from './browser.js'
import { media } from './media.js'
import { startMediaServer } from './mediaserver.js'
import { assertHonest, assertSpoken, spoken } from './cmcd.js'
import { came, open, starve } from './play.js'
import { pages } from './players.js'
import { eventually, startServer } from './server.js'
import { watchedMs } from './waits.js'

const patience = 60_000 // ms, after which something hangs

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
  await play.until('it plays on', `video.currentTime > ${await play.video('video.currentTime')} + 1`)
  await play.video('video.currentTime = 1') // within the buffer
  await play.until('it plays after a seek', 'video.currentTime > 2 && !video.seeking')
  await play.video('video.currentTime = 20') // outside of it
  await play.until('it plays after another', 'video.currentTime > 23.5') // what starves it now is not the seek's
  const opened = await starve(play, 1500)
  await play.wait(1500)
  const measured = await play.heard()
  await play.close()
  const later = await standing(world, play)
  return { measured, opened, later }
}

// standing waits until what came out of a play that is over stays the same for
// three seconds.
async function standing(world, play) {
  let last = await came(world, play)
  for (const end = Date.now() + patience; Date.now() < end;) {
    await new Promise(done => setTimeout(done, 3000))
    const now = await came(world, play)
    if (now.watchMs === last.watchMs && now.plays === 1) return now
    last = now
  }
  throw new Error(`${play.name}: a closed tab watches no longer: ${JSON.stringify(last)}`)
}

// ended plays to the end.
async function ended(world, play) {
  await play.start()
  await play.until('it plays', 'video.currentTime > 1')
  await play.video('video.currentTime = 37')
  await play.until('it ends', 'session.measured().endedAt')
  const measured = await play.measured()
  // Before anything could close it for its silence.
  await eventually('it is told that it has ended', patience, () => came(world, play), f => f.ended_plays === 1)
  await play.delivered()
  await play.close()
  return { measured }
}

// failed plays until a segment is missing.
async function failed(world, play) {
  await play.start()
  await play.until('the player gives up', 'session.fatal !== null')
  const { fatalAt } = await play.video('({ fatalAt: session.fatalAt })')
  await play.until('the buffer is empty', 'session.measured().stalledNow || video.paused')
  const measured = await play.measured()
  await play.wait(1000)
  await play.delivered()
  await play.close()
  return { fatalAt, measured }
}

// unstarted never gets a first segment.
async function unstarted(world, play) {
  await play.start()
  await play.until('the player gives up', 'session.fatal !== null')
  await play.wait(500)
  await play.delivered()
  await play.close()
  return {}
}

// left has its tab closed before anything came.
async function left(world, play) {
  await play.start()
  await eventually('it is asked to play', patience, () => play.arrived, lines => lines.some(line => /(^|,)sta=[srp]/.test(line)))
  await play.wait(2500)
  await play.delivered()
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
    const over = f => f.ended_plays === 1 || f.exits_before_video_start + f.video_start_failure_rate > 0
    for (const result of Object.values(results)) {
      if (result.error) continue
      result.came = await eventually(`${result.play.name} is over`, patience, () => came(world, result.play), over)
      if (process.env.RECORD) await record(process.env.RECORD, result.play)
    }
  }, { timeout: 900_000 })
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

function checkWatched({ play, measured, opened, later, came }) {
  const said = spoken(play.lines)
  console.log(`watched ${Math.round(watchedMs(measured, said.request, said.last))} ms, counted ${Math.round(came.watchMs)}; stalled ${Math.round(measured.stallMs)}, counted ${Math.round(came.stallMs)} and ${Math.round(came.seekStallMs)} after seeks; startup ${Math.round(measured.startupMs)}, counted ${Math.round(came.startup_time)}; the page was late by ${Math.round(measured.lateMs)}`)
  assert.equal(came.plays, 1)
  assert.equal(came.play_requests, 1)
  assertSpoken(play, came)
  assertHonest(play, measured, opened)
  assert.ok(measured.pauses.some(({ from, until }) => until - from > 2000), 'there was a pause')
  // The stall that the test made begins long after the seeks.
  assert.ok(came.stalls >= 1 && came.stallMs > 1000, `it was starved: ${came.stallMs} ms`)
  assert.equal(came.video_playback_failure_rate, 0)
  assert.equal(came.exits_before_video_start, 0)
  assert.notEqual(came.play_completion_rate, null, 'position and duration are known')
  assert.equal(came.watchMs, later.watchMs, 'a closed tab watches no longer, nor when silence has closed the play')
  assert.equal(came.ended_plays, 1)
}

function checkEnded({ play, measured, came }) {
  assert.equal(came.plays, 1)
  assert.equal(came.ended_plays, 1)
  assert.equal(came.video_playback_failure_rate, 0)
  assertSpoken(play, came)
  assertHonest(play, measured)
  const end = spoken(play.lines).spans.find(({ state }) => state === 'e').from
  assert.ok(Math.abs(end - measured.endedAt) <= 600 + 2 * measured.lateMs, `the end is said at ${end}, it was at ${measured.endedAt}`)
}

function checkFailed({ play, fatalAt, measured, came }) {
  assert.equal(came.plays, 1)
  assert.equal(came.ended_plays, 1)
  assert.equal(came.video_playback_failure_rate, 1)
  const until = spoken(play.lines).request + came.watchMs, slack = 1000 + measured.lateMs
  assert.ok(until > fatalAt.at - slack && until < measured.at + slack,
    `watched until ${until}; the player gave up at ${fatalAt.at}, its buffer had ended at ${measured.at}`)
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
