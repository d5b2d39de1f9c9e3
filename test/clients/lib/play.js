// One player in one page, with what it reported, and the things that viewers
// and networks do to it.
import { randomUUID } from 'node:crypto'
import { eventually } from './server.js'

const patience = 60_000 // ms, after which something hangs

// open starts a play and returns its handle. player names a page of players.js,
// media a file of the media folder.
export async function open(world, player, media, { rule, ...settings } = {}) {
  const { browser, server, mediaServer } = world
  const lane = randomUUID().slice(0, 8)
  const play = { name: `${player}-${media.split('/')[0]}`, lane, sid: randomUUID(), cid: `${player}-${media.split('/')[0]}-${lane}`, lines: [], arrived: [] }
  play.context = await browser.newContext()
  play.page = await play.context.newPage()
  // lines were sent; of them, arrived were answered.
  const reports = request => request.method() === 'POST' && request.url().startsWith(server.url) ? (request.postData() ?? '').split('\n').filter(Boolean) : []
  play.page.on('request', request => { play.lines.push(...reports(request)) })
  play.page.on('response', response => { if (response.ok()) play.arrived.push(...reports(response.request())) })
  play.complaints = []
  play.page.on('pageerror', error => play.complaints.push(String(error)))
  const query = new URLSearchParams({
    media: `${mediaServer.url}/media/${lane}/${media}`, collector: `${server.url}/cmcd?k=${server.writeKey}`, sid: play.sid, cid: play.cid, ...settings,
  })
  play.rule = fn => mediaServer.rule(lane, fn)
  if (rule) play.rule(rule)
  play.start = () => play.page.goto(`${mediaServer.url}/${player}?${query}`)
  play.video = expression => play.page.evaluate(expression)
  play.measured = () => play.page.evaluate(() => session.measured())
  play.until = (what, expression, timeout = patience) => play.page.waitForFunction(expression, null, { timeout, polling: 50 })
    .catch(async error => { throw new Error(`${player} ${media}: ${what}: ${error.message}; ${JSON.stringify(await play.measured())}`) })
  play.wait = ms => play.page.waitForTimeout(ms)
  play.close = () => play.context.close()
  // delivered waits until what was said so far has arrived.
  play.delivered = async () => {
    const said = play.lines.length
    await eventually('the reports have arrived', patience, () => play.arrived.length, arrived => arrived >= said)
  }
  // heard waits for the next interval report, so that what is measured then is
  // what the server knows of.
  play.heard = async () => {
    await play.page.waitForRequest(request => /(^|,)e=t(,|$)/m.test(request.postData() ?? '') && request.url().startsWith(server.url), { timeout: patience })
    await play.delivered()
    return play.measured()
  }
  return play
}

// starve holds all media back until the player has waited for ms, and returns
// the time when it gave them free.
export async function starve(play, ms) {
  let release
  const held = new Promise(done => { release = done })
  play.rule(() => ({ holdUntil: held }))
  await play.until('it runs dry', `session.measured().dryMs > ${ms}`)
  const opened = Date.now()
  play.rule(null)
  release()
  await play.until('it plays on', '!session.measured().stalledNow && !video.paused && video.readyState > 2')
  return opened
}

export const figures = ['plays', 'play_requests', 'ended_plays', 'watch_hours', 'media_hours', 'startup_time', 'stalls', 'rebuffering_ratio', 'connection_rebuffering_ratio', 'video_start_failure_rate', 'video_playback_failure_rate', 'exits_before_video_start', 'play_completion_rate']

// came is what came out of a play: its figures, with times in ms.
export async function came(world, play) {
  const f = await world.server.title(play.cid, figures)
  const watchMs = f.watch_hours * 3_600_000
  return {
    ...f, watchMs, mediaMs: f.media_hours * 3_600_000,
    stallMs: f.connection_rebuffering_ratio * watchMs, seekStallMs: (f.rebuffering_ratio - f.connection_rebuffering_ratio) * watchMs,
  }
}
