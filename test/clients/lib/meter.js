// What the video element itself measured: the truth that a play is compared to.
// meterSource is put into test pages; there, meter(video) is called when the
// page asks for the play. A wait is seen by the position that stands still, since
// shaka-player waits by a playback rate of 0 and not by the element's own event.
//
// What it returns is called for the measures so far. Among them:
//   waits    every wait of the element: by its event "waiting", by a playback rate
//            of 0 ("rate"), in a seek ("seeking"), or without a word ("stood"), each
//            { by, from, until, position, ahead }: times by the clock in ms, until
//            is null while it lasts, the media's position in ms, and how many ms
//            there were to play
//   askedAt, playAt, frameAt, endedAt  when meter was called, the element was first
//            told to play, first did, and was through; by the clock in ms
//   pauses   { from, until }, by the clock in ms; until is null while one lasts
//   at       when these were measured; by the clock in ms
//   seekings every seek that began, { time, position }
//   waitMs   for how long it has been waiting now
//   dryMs    the same, if there is next to nothing to play (of a plain file the
//            browser guesses what there is: there, it says nothing)
//   lateMs   by how much the page's main thread was ever late. Two listeners of
//            one event, or a listener and a timer, can differ by that much: it
//            is what a busy machine costs, and so what a comparison must allow.
export const meterSource = `
function meter(video) {
  const asked = performance.now()
  const m = { firstFrameAt: 0, pausedMs: 0, stallMs: 0, stalls: 0, seekStallMs: 0, seeks: 0, mediaMs: 0, stalledNow: false, lateMs: 0, waits: [], seekings: [], pauses: [], askedAt: Date.now(), playAt: null, frameAt: null, endedAt: null }
  let pausedAt = 0, seekAt = 0, lastSeek = -Infinity, position = 0, movedAt = asked, tickAt = asked
  let wait = null
  // ahead is how many ms there are to play.
  const ahead = () => {
    const { currentTime: at, buffered } = video
    let ms = 0
    for (let i = 0; i < buffered.length; i++) if (buffered.start(i) < at + 0.1) ms = Math.max(ms, (buffered.end(i) - at) * 1000)
    return ms
  }
  const begin = (by, since = 0) => {
    if (wait || video.paused || video.ended || !m.firstFrameAt) return
    m.waits.push(wait = { by: video.seeking ? 'seeking' : by, from: Date.now() - since, until: null, position: video.currentTime * 1000, ahead: ahead() })
  }
  video.addEventListener('play', () => { m.playAt ??= Date.now(); if (m.pauses.length) m.pauses.at(-1).until ??= Date.now() })
  video.addEventListener('playing', () => { m.frameAt ??= Date.now() })
  video.addEventListener('ended', () => { m.endedAt = Date.now() })
  video.addEventListener('pause', () => { if (!video.ended) m.pauses.push({ from: Date.now(), until: null }) })
  const end = () => { if (wait) wait.until = Date.now(); wait = null }
  for (const name of ['waiting', 'seeking']) video.addEventListener(name, () => begin(name))
  for (const name of ['playing', 'pause', 'ended', 'error']) video.addEventListener(name, end)
  video.addEventListener('ratechange', () => { video.playbackRate ? end() : begin('rate') })
  video.addEventListener('timeupdate', () => { if (wait && !video.seeking && video.playbackRate && video.readyState > 2 && video.currentTime * 1000 !== wait.position) end() })
  video.addEventListener('playing', () => { m.firstFrameAt ||= performance.now() })
  video.addEventListener('seeking', () => { m.seekings.push({ time: Date.now(), position: video.currentTime * 1000 }) })
  video.addEventListener('seeking', () => { m.seeks++; seekAt = lastSeek = performance.now() })
  video.addEventListener('pause', () => { pausedAt ||= performance.now() })
  video.addEventListener('play', () => { if (pausedAt) m.pausedMs += performance.now() - pausedAt; pausedAt = 0; movedAt = performance.now() })
  setInterval(() => {
    const now = performance.now(), at = video.currentTime
    m.lateMs = Math.max(m.lateMs, now - tickAt - 20)
    tickAt = now
    if (at !== position) {
      if (m.stalledNow) {
        // Within three seconds of a seek, a stall is the seek's.
        if (movedAt - lastSeek <= 3000) m.seekStallMs += now - movedAt
        else { m.stalls++; m.stallMs += now - movedAt }
        m.stalledNow = false
      }
      if (at > position && at - position < 1) m.mediaMs += (at - position) * 1000
      if (at > position) seekAt = 0
      position = at
      movedAt = now
    } else if (m.firstFrameAt && !video.paused && !video.ended && !seekAt && now - movedAt > 400 && !m.stalledNow) {
      m.stalledNow = true
    }
    if (now - movedAt > 2500) begin('stood', now - movedAt)
  }, 20)
  return () => ({
    ...m,
    at: Date.now(),
    lateMs: Math.max(m.lateMs, performance.now() - tickAt - 20),
    waitMs: wait ? Date.now() - wait.from : 0,
    dryMs: wait && ahead() < 600 ? Date.now() - wait.from : 0,
    startupMs: m.firstFrameAt ? m.firstFrameAt - asked : null,
    // From the request to now without pauses: the watched time of CTA-2066.
    watchedMs: performance.now() - asked - m.pausedMs - (pausedAt ? performance.now() - pausedAt : 0),
    position: video.currentTime * 1000,
  })
}`
