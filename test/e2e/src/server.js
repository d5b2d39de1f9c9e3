// Starts and stops the built binary. Each server has its own port and its own
// data folder, which is removed when it stops.
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const binary = fileURLToPath(new URL('../../../bin/playhead', import.meta.url))

async function freePort() {
  const probe = createServer()
  await new Promise((resolve, reject) => probe.once('error', reject).listen(0, '127.0.0.1', resolve))
  const { port } = probe.address()
  await new Promise(resolve => probe.close(resolve))
  return port
}

// startDemo runs `playhead demo` and returns { url, output(), pid, stop() } once
// it says that it is ready.
export async function startDemo({ viewers, historyDays, readyMs = 300_000, tries = 5 }) {
  if (!existsSync(binary)) throw new Error('bin/playhead is missing: run make build')
  const folder = await mkdtemp(join(tmpdir(), 'e2e-'))
  const url = `http://127.0.0.1:${await freePort()}`
  const args = [
    'demo', '--no-open', '--listen', new URL(url).host, '--data-dir', join(folder, 'data'),
    '--viewers', String(viewers), '--history-days', String(historyDays),
  ]
  const child = spawn(binary, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', text => { output += text })
  const exited = new Promise(resolve => child.once('exit', (code, signal) => resolve({ code, signal })))

  const stop = async () => {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM')
    const result = await exited
    await rm(folder, { recursive: true, force: true })
    return result
  }
  const deadline = Date.now() + readyMs
  for (;;) {
    const ready = await fetch(`${url}/readyz`).then(r => r.ok, () => false)
    if (ready) return { url, pid: child.pid, output: () => output, stop }
    if (child.exitCode !== null || Date.now() > deadline) {
      if (child.exitCode === null) child.kill('SIGKILL')
      await stop()
      // Somebody else was given the port in between.
      if (/ is in use by another program/.test(output) && tries > 1) return startDemo({ viewers, historyDays, readyMs, tries: tries - 1 })
      throw new Error(`playhead ${args.join(' ')} was not ready:\n${output}`)
    }
    await new Promise(resolve => setTimeout(resolve, 100))
  }
}
