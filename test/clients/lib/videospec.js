// The page of segment-next.test.js: hls.js on a <video>, and Segment's Video
// spec told by @segment/analytics-next as docs/clients.md says.
import { meterSource } from './meter.js'

const videoSpec = `
function videoSpec(video, analytics, asset_id) {
  const session_id = crypto.randomUUID()
  let begun = false, framed = false, waiting = false, position = 0
  const track = (event, more) => analytics.track('Video ' + event, {
    session_id, asset_id, content_asset_id: asset_id, position: video.currentTime, livestream: video.duration === Infinity,
    total_length: video.duration < Infinity ? video.duration : null, ...more,
  })
  const on = (name, fn) => video.addEventListener(name, fn)
  on('play', () => { track(begun ? 'Playback Resumed' : 'Playback Started'); begun = true })
  on('playing', () => {
    if (!framed) track('Content Started')
    else if (waiting) track('Playback Buffer Completed')
    framed = true
    waiting = false
  })
  on('pause', () => { if (!video.ended) track('Playback Paused') })
  on('waiting', () => { if (framed && !waiting && !video.seeking) { waiting = true; track('Playback Buffer Started') } })
  on('timeupdate', () => { if (!video.seeking) position = video.currentTime })
  on('seeking', () => track('Playback Seek Started', { position, seek_position: video.currentTime }))
  on('seeked', () => track('Playback Seek Completed'))
  on('ended', () => { track('Content Completed'); track('Playback Completed') })
  setInterval(() => { if (framed && !video.paused && !waiting) track('Content Playing') }, 2000)
  return { failed: code => track('Playback Error', { code }) }
}`

export const page = url => `<!doctype html><meta charset="utf-8"><title>segment</title>
<video id="video" muted playsinline width="320" height="180"></video>
<script src="/npm/hls.js/dist/hls.min.js"></script>
<script src="/npm/@segment/analytics-next/dist/umd/index.js"></script>
<script>${meterSource}${videoSpec}
const config = ${JSON.stringify(Object.fromEntries(url.searchParams))}
const video = document.getElementById('video')
const analytics = AnalyticsNext.AnalyticsBrowser.load({
  writeKey: config.key,
  cdnSettings: { integrations: { 'Segment.io': {
    apiKey: config.key, apiHost: config.host + '/v1', protocol: 'http', ...(config.batching && { deliveryStrategy: { strategy: 'batching', config: { size: 5, timeout: 500 } } }),
  } } },
})
analytics.identify(config.viewer, { plan: 'premium', email: 'ann@films.example' })
const spec = videoSpec(video, analytics, config.cid)
const session = { fatal: null, measured: meter(video) }
const player = new Hls({ maxBufferLength: 4, maxMaxBufferLength: 4, fragLoadPolicy: { default: {
  maxTimeToFirstByteMs: 10000, maxLoadTimeMs: 60000,
  timeoutRetry: { maxNumRetry: 1, retryDelayMs: 100, maxRetryDelayMs: 100 }, errorRetry: { maxNumRetry: 1, retryDelayMs: 100, maxRetryDelayMs: 100 },
} } })
player.on(Hls.Events.ERROR, (_, error) => {
  if (!error.fatal) return
  session.fatal = error.details
  session.fatalAt = session.measured()
  spec.failed(error.details)
})
player.loadSource(config.media)
player.attachMedia(video)
video.play().catch(() => {})
</script>`
