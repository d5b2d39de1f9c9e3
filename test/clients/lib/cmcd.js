// What a player said of one play in its CMCD reports: the states by their own
// times. What comes out is held to this, and this to what the element measured.
import assert from 'node:assert/strict'

const shortMs = 50 // a wait that is no stall

// spoken reads the lines: { request, frame, last, spans }. The first three are
// the times of the request, of the first "playing" and of the last report, or the end;
// spans are { state, from, until } in order, w being said as r. All in ms.
export function spoken(lines) {
  const all = [...new Set(lines)].flatMap(line => {
    const value = key => new RegExp(`(?:^|,)${key}="?([^,"]+)`).exec(line)?.[1]
    const [ts, sta] = [Number(value('ts')), value('sta')]
    return ts ? [{ ts, sn: Number(value('sn') ?? 0), state: sta === 'w' ? 'r' : sta }] : []
  }).sort((a, b) => a.ts - b.ts || a.sn - b.sn)
  const end = all.findIndex(({ state }) => ['e', 'f', 'q'].includes(state)) // what comes later changes nothing
  const reports = end < 0 ? all : all.slice(0, end + 1)
  const first = state => reports.find(report => report.state === state)?.ts
  // shaka-player has no word for starting.
  const request = first('s') ?? reports.find(report => report.state)?.ts
  const spans = []
  for (const { ts, state } of reports.filter(report => report.state)) {
    if (spans.at(-1)?.state === state) continue
    if (spans.length) spans.at(-1).until = ts
    spans.push({ state, from: ts, until: null })
  }
  const last = reports.at(-1)?.ts
  if (spans.length) spans.at(-1).until = last
  return { request, frame: first('p'), last, spans }
}

const sum = (spans, ...states) => spans.filter(({ state }) => states.includes(state)).reduce((ms, { from, until }) => ms + until - from, 0)

// watchedAsSaid is the watched time of CTA-2066 by the reports: from the request
// on, without pauses.
function watchedAsSaid({ request, frame, last, spans }) {
  return last - request - sum(spans.filter(({ from }) => from >= frame), 'a')
}

// assertSpoken holds what came out of a play to what the player said: came is
// { watchMs, mediaMs, stallMs, seekStallMs, stalls, startup_time }. Of reports that
// were under way when the tab was closed nobody knows whether they arrived.
export function assertSpoken(play, came) {
  const [sent, arrived] = [spoken(play.lines), spoken(play.arrived)]
  const all = JSON.stringify({ came, sent, arrived: arrived.last })
  const between = (what, got, least, most, by) => assert.ok(got >= Math.min(least, most) - by && got <= Math.max(least, most) + by, `${what}: ${got}, said ${least} to ${most} ± ${by}; ${all}`)
  const stalls = ({ spans, frame }) => spans.filter(({ state, from, until }) => state === 'r' && from >= frame && until - from > shortMs)
  const media = said => sum(said.spans, 'p')
  between('watch time', came.watchMs, watchedAsSaid(arrived), watchedAsSaid(sent), 50)
  // Waits that are too short to be stalls are playing time.
  between('media time', came.mediaMs, media(arrived), media(sent), 50 + shortMs * sent.spans.filter(({ state }) => state === 'r' || state === 'k').length)
  between('stalls', came.stalls, stalls(arrived).length, stalls(sent).length, 0)
  between('time in stalls', came.stallMs + came.seekStallMs, sum(stalls(arrived), 'r'), sum(stalls(sent), 'r'), 30)
  between('startup', came.startup_time, sent.frame - sent.request, sent.frame - sent.request, 50)
}

// assertHonest holds what the player said to what its element measured. A player
// may say "playing" before there is a picture and take a moment to see a wait;
// what the page's main thread was late is not its fault. opened is when the test
// gave the media free that had starved it, if it did.
export function assertHonest(play, own, opened) {
  const said = spoken(play.lines)
  const all = JSON.stringify({ said, own })
  const slack = 600 + 2 * own.lateMs
  const near = (what, got, want) => assert.ok(Math.abs(got - want) <= slack, `${what}: said ${got}, was ${want} ± ${slack}; ${all}`)
  assert.ok(said.request <= said.frame && said.frame <= own.frameAt + slack, `"playing" is said when it plays: ${all}`)
  const paused = said.spans.filter(({ state, from }) => state === 'a' && from >= said.frame)
  for (const pause of own.pauses.filter(pause => pause.until - pause.from > slack)) {
    const as = paused.find(({ from }) => Math.abs(from - pause.from) <= slack)
    assert.ok(as, `a pause is said: ${all}`)
    near('the end of a pause', as.until, pause.until)
  }
  const waited = said.spans.filter(({ state, from, until }) => state === 'r' && from >= said.frame && from < own.at && until - from > shortMs)
  for (const stall of waited) {
    const cause = stall.from < own.frameAt + slack || own.waits.some(wait => wait.from <= stall.until + slack && (wait.until ?? Infinity) >= stall.from - slack)
    assert.ok(cause, `a stall is said that the element did not have: ${JSON.stringify(stall)}; ${all}`)
  }
  if (!opened) return
  const made = own.waits.find(wait => wait.from < opened && (wait.until ?? Infinity) >= opened)
  const as = waited.find(({ from, until }) => from < opened && until >= opened - slack)
  assert.ok(made && as, `the stall that the test made: ${all}`)
  near('its begin', as.from, made.from)
  near('its end', as.until, made.until)
}
