// Pages with the three browser players, each set up as docs/clients.md says.
import { meterSource } from './meter.js'

// seconds between the players' interval reports
export const interval = 2

const keys = ['sid', 'cid', 'ts', 'sn', 'e', 'sta', 'v', 'br', 'bl', 'mtp', 'bs', 'bsd', 'pt', 'pr', 'msd', 'ltc', 'ec', 'st', 'sf', 'cdn', 'com.playhead-pt', 'com.playhead-duration', 'cen', 'com.playhead-code']
const events = ['ps', 't', 'e', 'pr', 'bc', 'rr', 'c', 'm', 'um', 'b', 'pe', 'pc', 'ce']

const hls = `
let report
const player = new Hls({
  maxBufferLength: 4, maxMaxBufferLength: 4, backBufferLength: 30,
  cmcd: {
    version: 2, sessionId: config.sid, contentId: config.cid,
    eventTargets: [{ url: config.collector, events: config.events, interval: config.interval, batchSize: 1, includeKeys: config.keys }],
    reporterCallback: reporter => {
      report = reporter
      const ms = seconds => Math.round(seconds * 1000)
      for (const name of ['timeupdate', 'seeked', 'durationchange']) video.addEventListener(name, () => reporter.updateCustomData({
        'com.playhead-pt': ms(video.currentTime), ...(video.duration < Infinity && { 'com.playhead-duration': ms(video.duration) }),
      }))
    },
  },
  ...(config.retries && { fragLoadPolicy: { default: {
    maxTimeToFirstByteMs: 10000, maxLoadTimeMs: 60000,
    timeoutRetry: { maxNumRetry: 1, retryDelayMs: 100, maxRetryDelayMs: 100 }, errorRetry: { maxNumRetry: Number(config.retries), retryDelayMs: 100, maxRetryDelayMs: 100 },
  } } }),
})
player.on(Hls.Events.ERROR, (_, error) => {
  if (!error.fatal) return
  fatal(error.details)
  report.recordCustomEvent('playhead-error', { 'com.playhead-code': error.details })
})
player.loadSource(config.media)
player.attachMedia(video)
video.play().catch(() => {})
leave = () => player.destroy()`

const dash = `
const player = dashjs.MediaPlayer().create()
player.updateSettings({ streaming: {
  buffer: { bufferTimeDefault: 4, bufferTimeAtTopQuality: 4, bufferTimeAtTopQualityLongForm: 4 },
  retryAttempts: { MediaSegment: Number(config.retries ?? 3) },
  cmcd: {
    enabled: true, version: 2, sid: config.sid, cid: config.cid,
    eventTargets: [{ enabled: true, url: config.collector, events: config.events, interval: config.interval, batchSize: 1, enabledKeys: config.keys }],
  },
} })
player.on('error', ({ error }) => fatal(error?.code))
player.addRequestInterceptor(request => {
  if (request.url.startsWith(config.collector)) request.body = withPosition(request.body)
  return Promise.resolve(request)
})
player.initialize(video, config.media, true)
leave = () => player.destroy()`

const shaka = `
shaka.polyfill.installAll()
const player = new shaka.Player()
player.configure({
  streaming: { bufferingGoal: 4, rebufferingGoal: 0.5, retryParameters: { maxAttempts: 2, baseDelay: 100 } },
  cmcd: {
    enabled: true, version: 2, sessionId: config.sid, contentId: config.cid,
    eventTargets: [{ enabled: true, url: config.collector, events: config.events, interval: config.interval, batchSize: 1, includeKeys: config.keys }],
  },
})
const { CMCD } = shaka.net.NetworkingEngine.RequestType
player.getNetworkingEngine().registerRequestFilter((type, request) => {
  if (type === CMCD) request.body = new TextEncoder().encode(withPosition(new TextDecoder().decode(request.body)))
})
player.addEventListener('error', ({ detail }) => { if (detail.severity === 2) fatal(detail.code) })
player.attach(video).then(() => player.load(config.media)).then(() => video.play()).catch(error => fatal(error.code ?? String(error)))
leave = () => player.destroy()`

// dash.js and shaka-player take no keys of one's own, but let their requests be
// changed: with one report a request, the position is put behind it.
const withPosition = `
function withPosition(report) {
  const ms = seconds => Math.round(seconds * 1000)
  const length = video.duration < Infinity ? ',com.playhead-duration=' + ms(video.duration) : ''
  return report.trimEnd() + ',com.playhead-pt=' + ms(video.currentTime) + length + '\\n'
}`

const page = (script, code) => url => `<!doctype html><meta charset="utf-8"><title>player</title>
<video id="video" muted playsinline width="320" height="180"></video>
<script src="/npm/${script}"></script>
<script>${meterSource}
const config = ${JSON.stringify({ keys, events, interval, ...Object.fromEntries(url.searchParams) })}
const video = document.getElementById('video')
let leave = () => {}
const session = { fatal: null, fatalAt: null, measured: null }
const fatal = why => { if (session.fatal === null) { session.fatal = why ?? 'unknown'; session.fatalAt = session.measured() } }
session.measured = meter(video)
${withPosition}
${code}
</script>`

// pages are for startMediaServer; each takes ?media=&collector=&sid=&cid= and
// leaves \`session\` (what the element measured, the player's fatal error),
// \`video\`, \`player\` and \`leave()\` to the test.
export const pages = {
  'hlsjs': page('hls.js/dist/hls.min.js', hls),
  'dashjs': page('dashjs/dist/modern/umd/dash.all.min.js', dash),
  'shaka': page('shaka-player/dist/shaka-player.compiled.debug.js', shaka),
  'shaka-release': page('shaka-player/dist/shaka-player.compiled.js', shaka),
}
