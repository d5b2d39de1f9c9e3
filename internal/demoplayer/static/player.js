import { WatchMeter } from './meter.js'
import { ReportPanel } from './panel.js'
import { Session, randomId } from './session.js'

const boot = JSON.parse(document.getElementById('boot').textContent)
const part = id => document.getElementById(id)
const video = part('video')
const screen = part('screen')
const meter = new WatchMeter()
const panel = new ReportPanel(part('reports'), part('count'))
const viewer = rememberedViewer()
let session = null

function rememberedViewer() {
  const name = 'playhead-demo-viewer'
  try {
    const known = localStorage.getItem(name)
    if (known) return known
    const made = `demo-${randomId()}`
    localStorage.setItem(name, made)
    return made
  } catch {
    return `demo-${randomId()}` // storage is switched off: a new viewer each time
  }
}

function show(state, words) {
  screen.dataset.state = state
  screen.toggleAttribute('data-playing', !video.paused)
  part('toggle').setAttribute('aria-label', video.paused ? 'Play' : 'Pause')
  part('state').textContent = words
}

function trouble(text) {
  part('trouble').textContent = text
  part('trouble').hidden = !text
}

function begin() {
  session?.end()
  trouble('')
  if (!Session.supported()) {
    trouble('This browser has no Media Source Extensions, which hls.js needs. Try a current Chrome, Edge, Firefox or Safari on a computer.')
    return
  }
  meter.reset()
  meter.start()
  show('starting', 'starting')
  session = new Session({
    boot, video, viewer,
    isSlow: () => part('slow').checked,
    onReport: (body, answer) => panel.add(body, answer),
    onFatal: details => {
      meter.stop()
      show('failed', 'failed')
      trouble(`Playback failed: ${details}. Reload the page to try again.`)
    },
  })
  play()
}

function play() {
  video.play().catch(error => {
    if (error.name !== 'NotAllowedError') return // an abort by pause, seek or leaving
    meter.stop()
    show('paused', 'waiting for your click')
  })
}

function toggle() {
  if (!session || video.ended) begin()
  else if (video.paused) play()
  else video.pause()
}

function leave() {
  meter.stop()
  session?.end()
  session = null
}

// The meter follows the media element, not the reports.
video.addEventListener('play', () => { meter.start(); show('playing', 'playing') })
video.addEventListener('playing', () => { meter.start(); show('playing', 'playing') })
video.addEventListener('waiting', () => show('playing', video.seeking ? 'seeking' : 'stalled'))
video.addEventListener('seeking', () => { if (!video.paused) show('playing', 'seeking') })
video.addEventListener('pause', () => { meter.stop(); show('paused', 'paused') })
video.addEventListener('ended', () => { meter.stop(); show('ended', 'ended') })
video.addEventListener('volumechange', () => part('mute').setAttribute('aria-pressed', String(video.muted)))

part('big').addEventListener('click', toggle)
part('toggle').addEventListener('click', toggle)
video.addEventListener('click', toggle)
part('seek').addEventListener('change', () => { if (session) video.currentTime = Number(part('seek').value) })
part('mute').addEventListener('click', () => { video.muted = !video.muted })
part('full').addEventListener('click', () => {
  if (document.fullscreenElement) document.exitFullscreen()
  else screen.requestFullscreen()
})

const clock = seconds => `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, '0')}`
setInterval(() => {
  part('watched').textContent = `${(meter.ms() / 1000).toFixed(1)} s`
  part('now').textContent = clock(video.currentTime)
  if (document.activeElement !== part('seek') || !part('seek').matches(':active')) part('seek').value = video.currentTime
  if (Number.isFinite(video.duration)) {
    part('seek').max = video.duration
    part('length').textContent = clock(video.duration)
  }
  const level = session?.rendition()
  part('rendition').textContent = level ? `${level.height}p · ${Math.round(level.bitrate / 1000)} kbit/s` : '–'
}, 200)

addEventListener('pagehide', leave)
// A page that comes back from the browser's cache starts afresh: its play ended.
addEventListener('pageshow', event => { if (event.persisted) location.reload() })

// For tests: what the player itself knows, independent of the reports.
window.playheadDemo = {
  watchedMs: () => meter.ms(),
  get sid() { return session?.sid ?? null },
  get cid() { return boot.title.id },
  get viewer() { return viewer },
}
