// playhead replay against the running server: history comes in once, however
// often and however interrupted it is sent.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { eventually, startServer } from './lib/server.js'

const binary = resolve(process.env.PLAYHEAD_BINARY ?? fileURLToPath(new URL('../../bin/playhead', import.meta.url)))
const day = 86_400_000
const lastYear = Math.floor(Date.now() / day) * day - 365 * day

let server, folder
before(async () => {
  server = await startServer()
  folder = await mkdtemp(join(tmpdir(), 'replay-'))
})
after(async () => {
  await server?.stop()
  await rm(folder, { recursive: true, force: true })
})

// replay runs the command; kill(output) may say when to end it the hard way.
function replay(args, kill = () => false, target = server.url) {
  const child = spawn(binary, ['replay', ...args, '--target', target, '--key', server.writeKey], { stdio: ['ignore', 'ignore', 'pipe'] })
  let said = ''
  child.stderr.setEncoding('utf8').on('data', text => {
    said += text
    if (kill(said)) child.kill('SIGKILL')
  })
  return new Promise(done => child.once('exit', code => done({ code, said })))
}

// startGate passes requests on to the server, but no answer after the first n: who
// sends through it is then surely in the middle, however late it is killed.
async function startGate(n) {
  let taken = 0
  const gate = createServer(async (request, response) => {
    try {
      const parts = []
      for await (const part of request) parts.push(part)
      if (request.method === 'POST' && ++taken > n) return
      const { host, connection, 'content-length': length, ...headers } = request.headers
      const answer = await fetch(server.url + request.url, { method: request.method, headers, ...(parts.length && { body: Buffer.concat(parts) }) })
      response.writeHead(answer.status, { 'content-type': answer.headers.get('content-type') ?? 'application/json' }).end(Buffer.from(await answer.arrayBuffer()))
    } catch {
      response.destroy() // who asked is gone
    }
  })
  await new Promise(done => gate.listen(0, '127.0.0.1', done))
  return { url: `http://127.0.0.1:${gate.address().port}`, stop: () => new Promise(done => { gate.close(done); gate.closeAllConnections() }) }
}

// history is plays of a title, each of 60 s with a pause of 10 s in it, one a minute.
function* history(title, plays, from) {
  for (let i = 0; i < plays; i++) {
    const at = from + i * 60_000, play = { viewer_id: `viewer-${i % 50}`, play_id: `${title}-${i}`, title_id: title, duration_ms: 3_600_000, context: { country: 'DE' } }
    yield { type: 'play_requested', time: at, ...play }
    yield { type: 'play_started', time: at + 500, position_ms: 0, ...play }
    yield { type: 'paused', time: at + 20_500, position_ms: 20_000, ...play }
    yield { type: 'resumed', time: at + 30_500, position_ms: 20_000, ...play }
    yield { type: 'heartbeat', time: at + 50_500, position_ms: 40_000, ...play }
    yield { type: 'play_ended', time: at + 60_500, position_ms: 50_000, ...play }
  }
}
const figures = ['plays', 'viewers', 'ended_plays', 'watch_hours']
const settled = async (title, plays) => {
  const f = await eventually(`${plays} plays of ${title}`, 120_000, () => server.title(title, figures), f => f.ended_plays >= plays)
  return f
}

test('imported twice it counts once, in the days in which it was', async () => {
  const path = join(folder, 'twice.ndjson.gz'), plays = 300
  await writeFile(path, gzipSync([...history('twice', plays, lastYear + 22 * 3_600_000)].map(e => JSON.stringify(e)).join('\n')))
  for (let i = 0; i < 2; i++) {
    const { code, said } = await replay([path, '--import'])
    assert.equal(code, 0, said)
    assert.match(said, /1800 records, 1800 accepted, 0 rejected/)
  }
  const f = await settled('twice', plays)
  assert.deepEqual([f.plays, f.ended_plays, f.viewers], [plays, plays, 50])
  assert.ok(Math.abs(f.watch_hours - plays * 50.5 / 3600) < 0.001, `${f.watch_hours} hours`)
  const days = await server.query({
    metrics: ['plays'], where: [{ dimension: 'title', in: ['twice'] }], grain: 'day',
    from: new Date(lastYear - day).toISOString(), to: new Date(lastYear + 3 * day).toISOString(),
  })
  assert.deepEqual(days.filter(row => row.plays).map(row => [Date.parse(row.time), row.plays]), [[lastYear, 120], [lastYear + day, 180]])
})

test('killed in the middle and begun again it counts once', async () => {
  const path = join(folder, 'killed.json'), plays = 5_000
  // It lists a rejected record as soon as that was answered: 13 of 30 batches in.
  const events = [...history('killed', plays, lastYear)]
  events[12_345].type = 'dance'
  await writeFile(path, JSON.stringify(events))
  const gate = await startGate(20)
  const cut = await replay([path, '--import'], said => said.includes('record 12346'), gate.url)
  await gate.stop()
  assert.equal(cut.code, null, cut.said)
  const again = await replay([path, '--import'])
  assert.equal(again.code, 1, again.said)
  assert.match(again.said, /record 12346: type: unknown_type/)
  assert.match(again.said, /30000 records, 29999 accepted, 1 rejected/)
  const f = await settled('killed', plays)
  assert.equal(f.plays, plays)
  assert.ok(f.ended_plays <= plays)
})

test('a foreign file comes in by a mapping; what is sent live has its age', async () => {
  const path = join(folder, 'foreign.ndjson'), map = join(folder, 'map.yaml'), rejected = join(folder, 'rejected.ndjson')
  const at = Date.now() - 3 * 3_600_000
  const lines = [...history('foreign', 10, at)].map(e => ({ what: e.type.toUpperCase(), at: e.time / 1000, user: { id: e.viewer_id }, p: e.play_id, asset: e.title_id, sec: (e.position_ms ?? 0) / 1000 }))
  await writeFile(path, lines.map(e => JSON.stringify(e)).join('\n') + '\n{"what":"PAGE"}\n{"what":"LOGIN"}\nbroken\n')
  await writeFile(map, `fields:
  type:
    path: what
    values: {PLAY_REQUESTED: play_requested, PLAY_STARTED: play_started, PAUSED: paused, RESUMED: resumed, HEARTBEAT: heartbeat, PLAY_ENDED: play_ended}
    skip: [PAGE]
  time: {path: at, format: epoch_s}
  viewer_id: user.id
  play_id: p
  title_id: asset
  position_ms: {path: sec, unit: s}
`)
  const { code, said } = await replay([path, '--map', map, '--rejected', rejected])
  assert.equal(code, 1, said)
  assert.match(said, /63 records, 60 accepted, 2 rejected, 1 left out/)
  const f = await settled('foreign', 10)
  assert.equal(f.plays, 10)
  const old = join(folder, 'old.ndjson')
  await writeFile(old, JSON.stringify([...history('old', 1, lastYear)][0]))
  const refused = await replay([old])
  assert.match(refused.said, /record 1: time: too_old/)
})

test('wrong usage', async () => {
  assert.equal((await replay([join(folder, 'none')])).code, 1)
  assert.equal((await replay([join(folder, 'none'), '--import', '--speed', '2'])).code, 2)
  assert.equal((await replay([])).code, 2)
})
