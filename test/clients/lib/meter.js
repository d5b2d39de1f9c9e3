// What the video element itself measured: the truth that a play is compared to.
// meterSource is put into test pages; there, meter(video) is called when the
// page asks for the play. A wait is seen by the position that stands still, since
// shaka-player waits by a playback rate of 0 and not by the element's own event.
export const meterSource = `
function meter(video) {
  const asked = performance.now()
  const m = { firstFrameAt: 0, pausedMs: 0, stallMs: 0, stalls: 0, seekStallMs: 0, seeks: 0, mediaMs: 0, stalledNow: false }
  let pausedAt = 0, seekAt = 0, lastSeek = -Infinity, position = 0, movedAt = asked
  video.addEventListener('playing', () => { m.firstFrameAt ||= performance.now() })
  video.addEventListener('seeking', () => { m.seeks++; seekAt = lastSeek = performance.now() })
  video.addEventListener('pause', () => { pausedAt ||= performance.now() })
  video.addEventListener('play', () => { if (pausedAt) m.pausedMs += performance.now() - pausedAt; pausedAt = 0; movedAt = performance.now() })
  setInterval(() => {
    const now = performance.now(), at = video.currentTime
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
  }, 20)
  return () => ({
    ...m,
    startupMs: m.firstFrameAt ? m.firstFrameAt - asked : null,
    // From the request to now without pauses: the watched time of CTA-2066.
    watchedMs: performance.now() - asked - m.pausedMs - (pausedAt ? performance.now() - pausedAt : 0),
    position: video.currentTime * 1000,
  })
}`
