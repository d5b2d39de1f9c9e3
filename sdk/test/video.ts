/** A media element that does what a test says. Time and playhead move together in run(). */
import { vi } from 'vitest';

export class FakeVideo extends EventTarget {
  currentTime = 0;
  duration = 100;
  paused = true;
  ended = false;
  seeking = false;
  autoplay = false;
  loop = false;
  playbackRate = 1;
  readyState = 4;
  networkState = 1;
  currentSrc = 'https://page.example/film.mp4';
  error: { code: number; message: string } | null = null;
  dropped = 0;
  /** The end of what is buffered, seconds. */
  loaded = 100;

  get buffered() {
    return { length: 1, start: () => 0, end: () => this.loaded };
  }
  getVideoPlaybackQuality() {
    return { droppedVideoFrames: this.dropped };
  }
  // Node's own forgets that a boolean means capture, as the DOM has it.
  override removeEventListener(type: string, listener: EventListener, capture?: boolean): void {
    super.removeEventListener(type, listener, { capture: !!capture });
  }
  fire(...types: string[]): void {
    for (const type of types) this.dispatchEvent(new Event(type));
  }
  /** The viewer presses play; the first picture comes after ms. */
  async start(ms = 0): Promise<void> {
    this.paused = false;
    this.ended = false;
    this.fire('play');
    await vi.advanceTimersByTimeAsync(ms);
    this.fire('playing');
  }
  /** Media plays for ms. */
  async run(ms: number): Promise<void> {
    for (let left = ms; left > 0; left -= 250) {
      const step = Math.min(250, left);
      await vi.advanceTimersByTimeAsync(step);
      this.currentTime = Math.round(this.currentTime * 1000 + step * this.playbackRate) / 1000;
      this.fire('timeupdate');
    }
  }
  pause(): void {
    this.paused = true;
    this.fire('pause');
  }
  play(): void {
    this.paused = false;
    this.fire('play');
    if (this.readyState > 2) this.fire('playing');
    else this.fire('waiting');
  }
  /** A seek that takes ms until there is a picture. */
  async seek(to: number, ms: number): Promise<void> {
    this.seeking = true;
    this.currentTime = to;
    this.fire('seeking');
    if (ms > 50) {
      this.readyState = 1;
      this.fire('waiting');
    }
    await vi.advanceTimersByTimeAsync(ms);
    this.seeking = false;
    this.readyState = 4;
    this.fire('timeupdate', 'seeked');
    if (!this.paused) this.fire('playing');
  }
  /** Nothing comes for ms. */
  async wait(ms: number): Promise<void> {
    this.readyState = 2;
    this.fire('waiting');
    await vi.advanceTimersByTimeAsync(ms);
    this.readyState = 4;
    this.fire('playing');
  }
  end(): void {
    this.currentTime = this.duration;
    this.paused = true;
    this.ended = true;
    this.fire('timeupdate', 'pause', 'ended');
  }
  fail(code: number): void {
    this.error = { code, message: 'broken' };
    this.fire('error');
  }
}
