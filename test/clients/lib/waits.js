// Holds the stalls that a client told of to the waits of the media element
// itself. A busy machine makes a player wait where no test planned it: so none
// of this counts stalls, it asks of each where it comes from.
import assert from 'node:assert/strict'

const graceMs = 300 // what the tracker lets pass where there is data, or in a seek
const lookMs = 300 // how old the position is that a page last looked at
const sameMs = 100 // between two listeners of one event on a free machine

// stallsTold pairs the events of one play: { from, until, position }, until is
// null where the play ended before the stall did.
export function stallsTold(sent) {
  const events = [...new Map(sent.filter(event => event.play_id).map(event => [event.seq, event])).values()].sort((a, b) => a.seq - b.seq)
  const stalls = []
  for (const event of events) {
    if (event.type === 'stall_started') stalls.push({ from: event.time, until: null, position: event.position_ms })
    else if (event.type === 'stall_ended') stalls.at(-1).until = event.time
  }
  return stalls
}

// assertWaits holds what was sent of one play to what its element measured. It
// fails when a stall was told without a wait of the element, when a wait for
// data was not told, or when the one that the test made, which held the media
// back until the time opened, is not among them.
export function assertWaits(sent, own, opened) {
  const told = stallsTold(sent)
  const slack = sameMs + own.lateMs
  const last = Math.max(...sent.map(event => event.time)) // later ones may have left with the tab
  const all = JSON.stringify({ told, waits: own.waits, lateMs: own.lateMs, opened })
  const lasted = wait => (wait.until ?? Infinity) - wait.from
  for (const stall of told) {
    assert.ok(own.waits.some(wait => {
      if (wait.by === 'seeking' && lasted(wait) < graceMs - slack) return false
      return Math.abs(wait.from - stall.from) <= slack + (wait.by === 'stood' ? lookMs : 0)
    }), `a stall at ${stall.position} ms that the element did not have: ${all}`)
  }
  for (const wait of own.waits.filter(wait => ['waiting', 'rate'].includes(wait.by) && lasted(wait) > graceMs + slack && wait.ahead < 100 && wait.from < last - slack)) {
    assert.ok(told.some(stall => stall.from <= wait.from + slack && (stall.until ?? Infinity) >= wait.from - slack), `the element waited at ${wait.position} ms, and nobody said so: ${all}`)
  }
  assert.equal(told.filter(stall => stall.from < opened && (stall.until ?? Infinity) >= opened - slack).length, 1, `the stall that the test made: ${all}`)
}

// assertSeeks fails when a seek was told that the element did not make, or when
// the one that the test made, to a position in ms, was not told once.
export function assertSeeks(sent, own, position) {
  const told = [...new Map(sent.filter(event => event.type === 'seeked').map(event => [event.seq, event])).values()]
  const all = JSON.stringify({ told: told.map(({ time, from_ms, position_ms }) => ({ time, from_ms, position_ms })), seekings: own.seekings, lateMs: own.lateMs })
  const there = ({ position_ms }) => Math.abs(position_ms - position) < 500
  assert.equal(told.filter(there).length, 1, `the seek to ${position} ms: ${all}`)
  for (const seek of told) {
    assert.ok(own.seekings.some(({ time }) => Math.abs(time - seek.time) <= sameMs + own.lateMs), `a seek to ${seek.position_ms} ms that the element did not make: ${all}`)
  }
}
