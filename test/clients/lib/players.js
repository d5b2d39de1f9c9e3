// Pages with the three browser players, each set up by the very lines that
// docs/clients.md gives to paste.
import { readFileSync } from 'node:fs'
import { meterSource } from './meter.js'

const docs = readFileSync(new URL('../../../docs/clients.md', import.meta.url), 'utf8')

// pasted is the code of a section.
function pasted(section) {
  const text = docs.split(/^## /m).find(part => part.startsWith(`${section}\n`))
  if (!text) throw new Error(`docs/clients.md has no section ${section}`)
  return text.split('\n').filter(line => line.startsWith('    ') || !line.trim()).map(line => line.slice(4)).join('\n')
}

// replaced puts the test's values where the lines have examples. Each must be
// there: a changed page must not go untested.
function replaced(code, values) {
  for (const [example, value] of Object.entries(values)) {
    if (!code.includes(example)) throw new Error(`docs/clients.md no longer has ${example} in:\n${code}`)
    code = code.replaceAll(example, value)
  }
  return code
}

const common = { 'crypto.randomUUID()': 'config.sid', "'my-film'": 'config.cid', 'interval: 10': 'interval: config.interval' }
const shared = pasted('What every CMCD client needs')
const dashLines = pasted('dash.js')
const withPosition = dashLines.slice(dashLines.indexOf('function withPosition'))

// Little is buffered, so that a held segment starves the player soon.
const hls = replaced(pasted('hls.js'), common) + `
Object.assign(hls.config, { maxBufferLength: 4, maxMaxBufferLength: 4, backBufferLength: 30 })
if (config.retries) hls.config.fragLoadPolicy = { default: {
  maxTimeToFirstByteMs: 10000, maxLoadTimeMs: 60000,
  timeoutRetry: { maxNumRetry: 1, retryDelayMs: 100, maxRetryDelayMs: 100 }, errorRetry: { maxNumRetry: 1, retryDelayMs: 100, maxRetryDelayMs: 100 },
} }
hls.on(Hls.Events.ERROR, (_, error) => { if (error.fatal) fatal(error.details) })
hls.loadSource(config.media)
hls.attachMedia(video)
video.play().catch(() => {})`

const dash = replaced(dashLines, { ...common, "'film.mpd'": 'config.media', 'player.initialize(': `
player.updateSettings({ streaming: {
  buffer: { bufferTimeDefault: 4, bufferTimeAtTopQuality: 4, bufferTimeAtTopQualityLongForm: 4 },
  retryAttempts: { MediaSegment: config.retries ? 1 : 3 },
} })
player.on('error', ({ error }) => fatal(error?.code))
player.initialize(` })

const shaka = replaced(pasted('shaka-player'), { ...common, "'film.mpd'": 'config.media', 'await player.attach(': `
player.configure({ streaming: { bufferingGoal: 4, rebufferingGoal: 0.5, retryParameters: { maxAttempts: 2, baseDelay: 100 } } })
player.addEventListener('error', ({ detail }) => { if (detail.severity === 2) fatal(detail.code) })
await player.attach(` }) + '\nawait video.play()\n' + withPosition

// interval is the seconds between interval reports.
const interval = 2

const page = (script, code) => url => `<!doctype html><meta charset="utf-8"><title>player</title>
<video id="video" muted playsinline width="320" height="180"></video>
<script src="/npm/${script}"></script>
<script>${meterSource}
const config = ${JSON.stringify({ interval, ...Object.fromEntries(url.searchParams) })}
const { collector } = config
const video = document.getElementById('video')
const session = { fatal: null, fatalAt: null, measured: meter(video) }
const fatal = why => { if (session.fatal === null) { session.fatal = why ?? 'unknown'; session.fatalAt = session.measured() } }
async function start() {
${shared}
${code}
}
start().catch(error => fatal(error.code ?? String(error)))
</script>`

// pages are for startMediaServer; each takes ?media=&collector=&sid=&cid= and
// leaves \`session\` (what the element measured, the player's fatal error) and
// \`video\` to the test.
export const pages = {
  'hlsjs': page('hls.js/dist/hls.min.js', hls),
  'dashjs': page('dashjs/dist/modern/umd/dash.all.min.js', dash),
  'shaka': page('shaka-player/dist/shaka-player.compiled.debug.js', shaka),
  'shaka-release': page('shaka-player/dist/shaka-player.compiled.js', shaka),
}
