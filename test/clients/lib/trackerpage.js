// Pages with a bare <video> and the tracker, under a Content-Security-Policy
// that allows nothing but what they need, and a file server for them whose
// media can dry up or break off in the middle of a file.
import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { createServer } from 'node:http'
import { extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { meterSource } from './meter.js'

// The page's own script: it may not be inline. Its settings are in the address.
const ownScript = `${meterSource}
const config = Object.fromEntries(new URLSearchParams(location.search))
const video = document.getElementById('video')
const violations = []
document.addEventListener('securitypolicyviolation', event => violations.push(event.violatedDirective + ' ' + event.blockedURI))
let measured = () => null
let tracker
const libraries = {
  hls() {
    const hls = new Hls({ enableWorker: false, maxBufferLength: 4, maxMaxBufferLength: 4 })
    hls.on(Hls.Events.ERROR, (_, error) => { if (error.fatal) tracker.error(error.details) })
    hls.loadSource(config.media)
    hls.attachMedia(video)
    tracker.update({ bitrate: () => hls.levels[hls.currentLevel]?.bitrate / 1000 })
  },
  dash() {
    const player = dashjs.MediaPlayer().create()
    player.updateSettings({ streaming: { buffer: { bufferTimeDefault: 4, bufferTimeAtTopQuality: 4, bufferTimeAtTopQualityLongForm: 4 } } })
    player.on('error', ({ error }) => tracker.error(String(error.code)))
    player.initialize(video, new URL(config.media, location.href).href, true)
    tracker.update({ bitrate: () => player.getCurrentRepresentationForType('video')?.bitrateInKbit })
  },
  shaka() {
    const player = new shaka.Player()
    player.configure({ streaming: { bufferingGoal: 4, rebufferingGoal: 0.5 } })
    player.addEventListener('error', ({ detail }) => { if (detail.severity === 2) tracker.error(String(detail.code)) })
    player.attach(video).then(() => player.load(config.media)).then(() => video.play())
    tracker.update({ bitrate: () => player.getStats().streamBandwidth / 1000 })
  },
}
// whole has all of the medium before it plays: it needs no network any more.
libraries.whole = async () => { video.src = URL.createObjectURL(await fetch(config.media).then(answer => answer.blob())) }
// What leaves with the tab no test can see: the page tells it, with what was
// measured then, by a beacon of its own.
const beacons = []
const send = navigator.sendBeacon.bind(navigator)
navigator.sendBeacon = (url, body) => { beacons.push(body); return send(url, body) }
const begin = async () => {
  measured = meter(video)
  addEventListener('pagehide', () => send('/left/' + config.media.split('/')[2], JSON.stringify({ own: measured(), beacons })))
  if (config.library) await libraries[config.library]()
  else video.src = config.media
  return video.play().catch(error => String(error))
}
if (config.key) tracker = window.playhead(video, { url: config.collector, key: config.key, title: config.title, heartbeat: 2, ...JSON.parse(config.options ?? '{}') })
`

const artwork = [1, 2].map(n => `<a href="#title-${n}" class="card" data-playhead-impression="art-${n}" data-playhead-title="title-${n}"
  data-playhead-placement="row" data-playhead-rank="${n}">title ${n}</a>`).join('')

// pages by path; collector is Playhead's origin.
const pages = {
  '/video': collector => `<video id="video" muted playsinline width="320" height="180"></video>
    <script src="${collector}/playhead.js"></script><script src="/own.js"></script>`,
  '/library': (collector, query) => `<video id="video" muted playsinline width="320" height="180"></video>
    <script src="/library/${query.get('library')}"></script><script src="${collector}/playhead.js"></script><script src="/own.js"></script>`,
  '/module': collector => `<video id="video" muted playsinline></video>
    <script type="module" src="${collector}/playhead.js"></script><script defer src="/own.js"></script>`,
  '/auto': (collector, query) => `<video id="video" muted playsinline data-playhead-title="${query.get('title')}"></video>
    <script defer src="${collector}/playhead.js" data-key="${query.get('auto')}"></script><script defer src="/own.js"></script>`,
  '/artwork': collector => `<link rel="stylesheet" href="/own.css"><video id="video" muted></video>${artwork}
    <script src="${collector}/playhead.js"></script><script src="/own.js"></script>`,
}
const libraries = {
  hls: 'hls.js/dist/hls.min.js', dash: 'dashjs/dist/modern/umd/dash.all.min.js', shaka: 'shaka-player/dist/shaka-player.compiled.js',
}
const mediaTypes = {
  '.mp4': 'video/mp4', '.m4s': 'video/mp4', '.mpd': 'application/dash+xml', '.ts': 'video/mp2t', '.m3u8': 'application/vnd.apple.mpegurl',
}
const styles = 'video { display: none } .card { display: block; height: 150px; margin-bottom: 2000px }'

// startPageServer serves the pages, and /media/LANE/FILE from folder. lane(name)
// holds what happens to that lane's media: { bytes: how much of the file is
// given before the answer waits for open(), break(): answer 404 from now on and
// cut what is under way, hold(): whole files wait for open(), left: what
// its page said when it was left, { own: what the element measured, beacons:
// the bodies that the tracker sent then } }.
export async function startPageServer({ folder, collector }) {
  const lanes = new Map()
  const lane = name => {
    if (!lanes.has(name)) {
      const open = new Set()
      lanes.set(name, {
        bytes: Infinity, broken: false, left: null, waiting: new Set(), responses: open,
        // hold makes whole files wait.
        hold() { this.bytes = -1 },
        open() { this.bytes = Infinity; this.waiting.forEach(go => go()); this.waiting.clear() },
        break() { this.broken = true; open.forEach(response => response.destroy()) },
      })
    }
    return lanes.get(name)
  }
  const policy = `default-src 'none'; script-src 'self' ${collector}; style-src 'self'; media-src 'self' blob:; connect-src 'self' ${collector}; ` +
    "base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'"
  const answer = async (request, response) => {
    const url = new URL(request.url, 'http://localhost')
    const text = (type, body) => response.writeHead(200, { 'content-type': `${type}; charset=utf-8`, 'content-security-policy': policy }).end(body)
    if (url.pathname.startsWith('/left/')) {
      let body = ''
      for await (const text of request.setEncoding('utf8')) body += text
      lane(url.pathname.slice(6)).left = JSON.parse(body)
      return response.writeHead(204).end()
    }
    const [, name, file] = /^\/media\/(\w+)\/((?:\w+\/)?[\w-]+\.\w+)$/.exec(url.pathname) ?? []
    if (name) return send(request, response, join(folder, file), lane(name))
    if (url.pathname === '/own.js') return text('text/javascript', ownScript)
    if (url.pathname === '/own.css') return text('text/css', styles)
    const library = libraries[url.pathname.replace('/library/', '')]
    if (library) {
      response.setHeader('content-type', 'text/javascript')
      return createReadStream(fileURLToPath(new URL(`../node_modules/${library}`, import.meta.url))).pipe(response)
    }
    const page = pages[url.pathname]
    if (!page) return response.writeHead(404).end()
    text('text/html', `<!doctype html><meta charset="utf-8"><title>tracker</title>${page(collector, url.searchParams)}`)
  }
  const server = createServer((request, response) => { answer(request, response).catch(() => response.destroy()) })
  await new Promise((done, failed) => server.once('error', failed).listen(0, '127.0.0.1', done))
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    lane,
    stop: () => new Promise(done => { server.close(done); server.closeAllConnections() }),
  }
}

async function send(request, response, file, lane) {
  const info = await stat(file).catch(() => null)
  if (!info || lane.broken) return response.writeHead(404).end()
  if (lane.bytes < 0) await new Promise(go => lane.waiting.add(go))
  const type = { 'content-type': mediaTypes[extname(file)], 'cache-control': 'no-store', 'accept-ranges': 'bytes' }
  if (!request.headers.range) return createReadStream(file).pipe(response.writeHead(200, { ...type, 'content-length': info.size }))
  const [, start = '0', end = ''] = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '') ?? []
  const from = Number(start), to = Math.min(end ? Number(end) : info.size - 1, info.size - 1)
  response.writeHead(206, {
    ...type, 'content-length': to - from + 1, 'content-range': `bytes ${from}-${to}/${info.size}`,
  })
  lane.responses.add(response)
  const closed = new Promise(done => response.once('close', done)).then(() => lane.responses.delete(response))
  let at = from
  for await (const chunk of createReadStream(file, { start: from, end: to, highWaterMark: 16_384 })) {
    while (at + chunk.length > lane.bytes && !response.destroyed) await Promise.race([closed, new Promise(go => lane.waiting.add(go))])
    if (response.destroyed) return
    if (!response.write(chunk)) await Promise.race([closed, new Promise(go => response.once('drain', go))])
    at += chunk.length
  }
  response.end()
}
