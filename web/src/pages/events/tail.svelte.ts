// The tail of what comes in: buffered, bounded, paused at will.

import { stream } from '$lib/api/client';
import type { TailEvent } from '$lib/api/types';

export interface TailRow extends TailEvent {
  n: number;
}

/** Rows kept; older ones fall off. */
const KEPT = 500;
/** How often arrivals reach the page, ms. */
const FLUSH = 300;

export class Tail {
  rows = $state.raw<TailRow[]>([]);
  paused = $state(false);
  connected = $state(false);
  seen = $state(0);
  rejected = $state(0);
  /** Rows that came while paused. */
  held = $state(0);
  #buffer: TailRow[] = [];
  #n = 0;

  /** Subscribes; returns what ends it. */
  start(): () => void {
    const subscription = stream<TailEvent>(
      '/api/v1/events/tail',
      {
        open: () => (this.connected = true),
        lost: () => (this.connected = false),
        message: (event) => this.#take(event),
      },
      10 * 60_000,
    );
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

  clear(): void {
    this.rows = [];
    this.#buffer = [];
    this.seen = 0;
    this.rejected = 0;
    this.held = 0;
  }

  #take(event: TailEvent): void {
    this.#buffer.push({ ...event, n: this.#n++ });
    if (this.#buffer.length > KEPT) this.#buffer.splice(0, this.#buffer.length - KEPT);
  }

  #flush(): void {
    if (this.paused) {
      this.held = this.#buffer.length;
      return;
    }
    this.held = 0;
    if (this.#buffer.length === 0) return;
    this.seen += this.#buffer.length;
    this.rejected += this.#buffer.filter((e) => !e.accepted).length;
    this.rows = [...this.#buffer.reverse(), ...this.rows].slice(0, KEPT);
    this.#buffer = [];
  }
}
