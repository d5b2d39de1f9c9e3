import Hls from '/demo/third_party/hls.js/hls.min.mjs'

const reportEverySeconds = 5
const playheadEveryMs = 100
const slowSegmentMs = 9000

// What the collector is told. Everything is CMCD's own but the com.playhead keys.
const reportKeys = [
  'e', 'ts', 'v', 'sid', 'cid', 'sn', 'sta', 'bl', 'br', 'mtp', 'bs', 'pr', 'st', 'sf', 'ec',
  'cen', 'com.playhead-pt', 'com.playhead-duration', 'com.playhead-viewer', 'com.playhead-code',
]

// Session is one play of one title: it owns its hls.js and its CMCD session id,
// and ends once.
export class Session {
  sid = randomId()
  #boot
  #video
  #viewer
  #onReport
  #hls = null
  #custom = null
  #timer = 0
  #lastSequence = -1
  #events = new AbortController()

  // onReport is called with each body of reports that is sent and a promise of
  // the collector's status code.
  constructor({ boot, video, viewer, isSlow, onReport, onFatal }) {
    this.#boot = boot
    this.#video = video
    this.#viewer = viewer
    this.#onReport = onReport
    // Registered before hls.js listens, so that its report of the same moment
    // carries the position of that moment. Not on "seeking": that report should
    // carry where the seek left from.
    for (const name of ['playing', 'pause', 'waiting', 'seeked', 'ended', 'loadedmetadata']) {
      video.addEventListener(name, () => this.#tellPlayhead(), { signal: this.#events.signal })
    }
    const hls = new Hls({
      enableWorker: false,
      maxBufferLength: 16,
      maxMaxBufferLength: 16,
      fLoader: slowable(Hls.DefaultConfig.loader, isSlow),
      cmcd: {
        version: 2,
        sessionId: this.sid,
        contentId: boot.title.id,
        includeKeys: [], // nothing on media requests: their addresses stay cacheable
        eventTargets: [{
          url: this.#target(),
          events: ['ps', 'e', 't', 'bc', 'pr', 'ce'],
          interval: reportEverySeconds, // seconds
          batchSize: 1,
          includeKeys: reportKeys,
        }],
        loader: request => this.#send(request),
        reporterCallback: reporter => {
          this.#custom = reporter
          this.#tellPlayhead()
          this.#timer = setInterval(() => this.#tellPlayhead(), playheadEveryMs)
        },
      },
    })
    hls.on(Hls.Events.ERROR, (_, data) => {
      if (!data.fatal) return
      // hls.js reports an error of its own, and goes on saying how it stands; that
      // nothing plays after this one is for the page to say.
      this.#tellPlayhead()
      this.#custom?.recordCustomEvent('playhead-error', { 'com.playhead-code': data.details })
      onFatal(data.details)
    })
    this.#hls = hls
    // The source first: with the reporter made before the media is attached, the
    // first report already has the custom keys. autoplay makes it say "starting".
    video.autoplay = true
    hls.loadSource(boot.stream)
    hls.attachMedia(video)
  }

  static supported() {
    return Hls.isSupported()
  }

  // rendition is the one being played, or null.
  rendition() {
    return this.#hls?.levels?.[this.#hls.currentLevel] ?? null
  }

  // end sends what is still queued and says that the viewer has left. No player
  // says so by itself: without this line the collector would close the play by
  // silence, half an hour later, at its last report.
  end() {
    if (!this.#hls) return
    clearInterval(this.#timer)
    this.#tellPlayhead()
    const ended = this.#video.ended
    const playhead = this.#playhead() // destroying hls.js rewinds the element
    this.#events.abort()
    this.#hls.destroy()
    this.#hls = null
    if (ended) return // hls.js has reported sta=e
    const line = [
      `cid=${quote(this.#boot.title.id)}`,
      `com.playhead-pt=${playhead}`,
      `com.playhead-viewer=${quote(this.#viewer)}`,
      'e=ps',
      `sid=${quote(this.sid)}`,
      `sn=${this.#lastSequence + 1}`,
      'sta=q',
      `ts=${Date.now()}`,
      'v=2',
    ].join(',') + '\n'
    const body = new Blob([line], { type: 'application/cmcd' })
    const queued = navigator.sendBeacon(this.#target(), body)
    this.#onReport(line, Promise.resolve(queued ? 204 : 0))
  }

  #target() {
    return new URL(`${this.#boot.target}?k=${encodeURIComponent(this.#boot.key)}`, location.href).href
  }

  #playhead() {
    return Math.round(this.#video.currentTime * 1000)
  }

  #tellPlayhead() {
    if (!this.#custom || this.#video.seeking) return
    const data = { 'com.playhead-pt': this.#playhead(), 'com.playhead-viewer': this.#viewer }
    if (Number.isFinite(this.#video.duration)) {
      data['com.playhead-duration'] = Math.round(this.#video.duration * 1000)
    }
    this.#custom.updateCustomData(data)
  }

  // keepalive lets a report that was sent while the page closes arrive.
  #send(request) {
    for (const match of request.body.matchAll(/(?:^|,)sn=(\d+)/gm)) {
      this.#lastSequence = Math.max(this.#lastSequence, Number(match[1]))
    }
    const { url, ...init } = request
    const answer = fetch(url, { ...init, keepalive: true })
    this.#onReport(request.body, answer.then(r => r.status, () => 0))
    return answer
  }
}

// slowable delays each segment while isSlow() says so: later than it lasts, so
// that the buffer runs dry and the player stalls.
function slowable(Loader, isSlow) {
  return class extends Loader {
    #wait = 0

    load(context, config, callbacks) {
      if (!isSlow()) return super.load(context, config, callbacks)
      this.#wait = setTimeout(() => super.load(context, config, callbacks), slowSegmentMs)
    }

    abort() {
      clearTimeout(this.#wait)
      super.abort()
    }

    destroy() {
      clearTimeout(this.#wait)
      super.destroy()
    }
  }
}

function quote(text) {
  return `"${text.replace(/[\\"]/g, '\\$&')}"`
}

// randomId works without a secure context too, where crypto.randomUUID is missing.
export function randomId() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), b => b.toString(16).padStart(2, '0')).join('')
}
