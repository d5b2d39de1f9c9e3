// The tail of what comes in: buffered, bounded, paused at will.

import { stream } from '$lib/api/client';
import type { TailEvent } from '$lib/api/types';
import { fateOf } from './tail-filter';

export interface TailRow extends TailEvent {
  n: number;
}

/** Rows kept of rejections, and as many of the rest, which must not push them out. */
const KEPT = 400;
/** How often arrivals reach the page, ms. */
const FLUSH = 300;

export class Tail {
  /** Newest first. */
  rows = $state.raw<TailRow[]>([]);
  paused = $state(false);
  /** The reader points at the list: it keeps still. */
  reading = $state(false);
  connected = $state(false);
  seen = $state(0);
  rejected = $state(0);
  /** Rows that came while paused. */
  held = $state(0);
  #buffer: TailRow[] = [];
  #n = 0;
  #last = { number: 0, time: '' };

  /** Subscribes; returns what ends it. */
  start(): () => void {
    const subscription = stream<TailEvent>('/api/v1/events/tail', {
      open: () => (this.connected = true),
      lost: () => (this.connected = false),
      message: (event) => this.#take(event),
    });
    const timer = setInterval(() => this.#flush(), FLUSH);
    return () => {
      subscription.close();
      clearInterval(timer);
    };
  }

  toggle(): void {
    this.paused = !this.paused;
    if (!this.paused) this.#flush();
  }

  #take(event: TailEvent): void {
    // After a reconnection the server begins with what was seen already; after a restart it counts anew, later in time.
    if (event.number !== undefined) {
      if (event.number <= this.#last.number && event.time <= this.#last.time) return;
      this.#last = { number: event.number, time: event.time };
    }
    this.#buffer.push({ ...event, n: this.#n++ });
    if (this.#buffer.length > 2 * KEPT) this.#buffer = bounded(this.#buffer.toReversed()).toReversed();
  }

  #flush(): void {
    const still = this.paused || this.reading;
    this.held = still ? this.#buffer.length : 0;
    if (still || this.#buffer.length === 0) return;
    this.seen += this.#buffer.length;
    this.rejected += this.#buffer.filter((e) => fateOf(e) === 'rejected').length;
    this.rows = bounded([...this.#buffer.toReversed(), ...this.rows]);
    this.#buffer = [];
  }
}

/** Keeps the newest of both kinds; takes and gives newest first. */
function bounded(rows: readonly TailRow[]): TailRow[] {
  let rejected = 0;
  let others = 0;
  return rows.filter((row) => (fateOf(row) === 'rejected' ? rejected++ : others++) < KEPT);
}
