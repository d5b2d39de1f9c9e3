// Holds the stalls that a client told of to the waits of the media element
// itself. A busy machine makes a player wait where no test planned it: so none
// of this counts stalls, it asks of each where it comes from.
import assert from 'node:assert/strict'

const graceMs = 300 // what the tracker lets pass where there is data, or in a seek
const lookMs = 300 // how old the position is that a page last looked at
const shortMs = 50 // a wait that is no stall
const sameMs = 100 // between two listeners of one event on a free machine

// told is the events of the one play that was sent, each once, in the order in
// which they are judged.
const told = sent => [...new Map(sent.filter(event => event.play_id).map(event => [event.seq, event])).values()].sort((a, b) => a.time - b.time || a.seq - b.seq)

// stallsTold pairs the events of one play: { from, until, position }, until is
// null where nothing says yet that the stall is over.
export function stallsTold(sent) {
  const stalls = []
  for (const event of told(sent)) {
    const last = stalls.at(-1)
    if (['stall_ended', 'paused', 'play_ended', 'error'].includes(event.type) && last?.until === null) last.until = event.time
    if (event.type === 'stall_started') stalls.push({ from: event.time, until: null, position: event.position_ms })
  }
  return stalls
}

// assertFigures holds what came out of one play to what was told, and that to
// what its element measured.
export function assertFigures(play, sent, own) {
  const events = told(sent), stalls = stallsTold(sent)
  const time = type => events.find(event => event.type === type)?.time
  const all = JSON.stringify({ play, own, events: events.map(({ type, time, position_ms, rate }) => ({ type, time, position_ms, rate })) })
  const near = (what, got, want, by) => assert.ok(Math.abs(got - want) <= by, `${what}: ${got}, want ${want} ± ${by}; ${all}`)
  const slack = sameMs + own.lateMs
  const counted = stalls.filter(stall => stall.until - stall.from > shortMs)
  assert.equal(play.stalls, counted.length, `stalls: ${all}`)
  near('stalled as told', play.stallMs, counted.reduce((ms, stall) => ms + stall.until - stall.from, 0), 10 * (1 + counted.length))
  near('startup as told', play.startup_time, time('play_started') - time('play_requested'), 50)
  near('asked to play as it was', time('play_requested'), own.playAt, slack)
  near('first frame as it was', time('play_started'), own.frameAt, slack)
  near('watched', play.watchMs, watchedMs(own), slack * (2 + own.pauses.length))
}

// watchedMs is how long it was watched by the element's own words, from the
// time since to the time until: without the pauses.
export function watchedMs(own, since = own.playAt, until = own.at) {
  return own.pauses.reduce((ms, pause) => {
    const from = Math.max(since, pause.from), to = Math.min(until, pause.until ?? Infinity)
    return ms - Math.max(0, to - from)
  }, until - since)
}

// assertWaits holds what was sent of one play to what its element measured. It
// fails when a stall was told without a wait of the element, when a wait for
// data was not told, or when the one that the test made, if it held the media
// back until a time, opened, is not among them.
export function assertWaits(sent, own, opened) {
  const stalls = stallsTold(sent)
  const slack = sameMs + own.lateMs
  const all = JSON.stringify({ stalls, waits: own.waits, lateMs: own.lateMs, opened })
  const lasted = wait => (wait.until ?? Infinity) - wait.from
  for (const stall of stalls) {
    assert.ok(own.waits.some(wait => {
      if (wait.by === 'seeking' && lasted(wait) < graceMs - slack) return false
      return Math.abs(wait.from - stall.from) <= slack + (wait.by === 'stood' ? lookMs : 0)
    }), `a stall at ${stall.position} ms that the element did not have: ${all}`)
  }
  for (const wait of own.waits.filter(wait => ['waiting', 'rate'].includes(wait.by) && lasted(wait) > graceMs + slack && wait.ahead < 100)) {
    assert.ok(stalls.some(stall => stall.from <= wait.from + slack && (stall.until ?? Infinity) >= wait.from - slack), `the element waited at ${wait.position} ms, and nobody said so: ${all}`)
  }
  if (opened) assert.equal(stalls.filter(stall => stall.from < opened && (stall.until ?? Infinity) >= opened - slack).length, 1, `the stall that the test made: ${all}`)
}

// assertSeeks fails when a seek was told that the element did not make, or when
// the one that the test made, to a position in ms, was not told once.
export function assertSeeks(sent, own, position) {
  const seeks = told(sent).filter(event => event.type === 'seeked')
  const all = JSON.stringify({ told: seeks.map(({ time, from_ms, position_ms }) => ({ time, from_ms, position_ms })), seekings: own.seekings, lateMs: own.lateMs })
  const there = ({ position_ms }) => Math.abs(position_ms - position) < 500
  assert.equal(seeks.filter(there).length, 1, `the seek to ${position} ms: ${all}`)
  for (const seek of seeks) {
    assert.ok(own.seekings.some(({ time }) => Math.abs(time - seek.time) <= sameMs + own.lateMs), `a seek to ${seek.position_ms} ms that the element did not make: ${all}`)
  }
}
