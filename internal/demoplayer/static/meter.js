// WatchMeter measures watched time by the clock of the page: from the request to
// play, through startup, playing, seeks and stalls, without pauses. It knows
// nothing of the reports, so that what the dashboard says can be held against it.
export class WatchMeter {
  #ms = 0
  #since = null

  // start counts from now on; calling it again while counting changes nothing.
  start() {
    this.#since ??= performance.now()
  }

  // stop ends the stretch that is being counted, if there is one.
  stop() {
    this.#ms = this.ms()
    this.#since = null
  }

  reset() {
    this.#ms = 0
    this.#since = null
  }

  // ms is the watched time so far, in milliseconds.
  ms() {
    return this.#ms + (this.#since === null ? 0 : performance.now() - this.#since)
  }
}
