// Starts and stops the built binary: `playhead serve` on a free port with a
// data folder of its own, a write key and a read token. The binary is the one
// that PLAYHEAD_BINARY names, else bin/playhead.
import { execFile, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const binary = resolve(process.env.PLAYHEAD_BINARY ?? fileURLToPath(new URL('../../../bin/playhead', import.meta.url)))
const run = promisify(execFile)

export async function freePort() {
  const probe = createServer()
  await new Promise((done, failed) => probe.once('error', failed).listen(0, '127.0.0.1', done))
  const { port } = probe.address()
  await new Promise(done => probe.close(done))
  return port
}

// startServer returns, once the server is ready:
//   url                     its origin
//   writeKey, readToken
//   query(question)         rows of POST /api/v1/query, as objects
//   title(id, metrics)      the figures of one title of all time, null where there are none
//   settle()                closes what the write key left open, as silence would
//   output(), stop()
export async function startServer({ args = [], readyMs = 120_000, tries = 5 } = {}) {
  if (!existsSync(binary)) throw new Error(`${binary} is missing: run make build`)
  const folder = await mkdtemp(join(tmpdir(), 'clients-'))
  const data = join(folder, 'data')
  const url = `http://127.0.0.1:${await freePort()}`
  const child = spawn(binary, ['serve', '--listen', new URL(url).host, '--data-dir', data, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', text => { output += text })
  const exited = new Promise(done => child.once('exit', done))
  const stop = async () => {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM')
    await exited
    await rm(folder, { recursive: true, force: true })
  }
  const deadline = Date.now() + readyMs
  while (!await fetch(`${url}/readyz`).then(answer => answer.ok, () => false)) {
    if (child.exitCode !== null || Date.now() > deadline) {
      await stop()
      // Somebody else was given the port in between.
      if (/ is in use by another program/.test(output) && tries > 1) return startServer({ args, readyMs, tries: tries - 1 })
      throw new Error(`playhead serve was not ready:\n${output}`)
    }
    await new Promise(done => setTimeout(done, 100))
  }
  const key = async (kind, ...more) => (await run(binary, ['keys', 'create', kind, ...more, '--name', `clients${kind}`, '--data-dir', data])).stdout.split('\n')[0]
  let writeKey, readToken
  try {
    writeKey = await key('--write')
    readToken = await key('--read', '--role', 'support')
  } catch (error) {
    await stop()
    throw error
  }
  return { url, writeKey, readToken, output: () => output, stop, ...asking(url, writeKey, readToken) }
}

function asking(url, writeKey, readToken) {
  const call = async (path, token, init = {}) => {
    const answer = await fetch(url + path, { ...init, headers: { ...init.headers, authorization: `Bearer ${token}` } })
    const text = await answer.text()
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${text}`)
    return JSON.parse(text)
  }
  const query = async question => {
    const { columns, rows } = await call('/api/v1/query', readToken, {
      method: 'POST', body: JSON.stringify(question), headers: { 'content-type': 'application/json' },
    })
    return rows.map(row => Object.fromEntries(columns.map((column, i) => [column.name, row[i]])))
  }
  return {
    query,
    title: async (id, metrics) => {
      const rows = await query({ metrics, where: [{ dimension: 'title', in: [id] }] })
      return rows[0] ?? Object.fromEntries(metrics.map(name => [name, null]))
    },
    settle: () => call('/v1/settle', writeKey, { method: 'POST' }),
  }
}

// eventually asks until check(answer) holds, and returns that answer.
export async function eventually(what, timeoutMs, ask, check) {
  const deadline = Date.now() + timeoutMs
  for (;;) {
    const answer = await ask()
    if (check(answer)) return answer
    if (Date.now() > deadline) throw new Error(`${what}: after ${timeoutMs} ms still ${JSON.stringify(answer)}`)
    await new Promise(done => setTimeout(done, 100))
  }
}
