// The live stream: one subscription for the whole page.

import { stream, type Subscription } from './client';
import type { LiveSnapshot } from './types';

/** Older than this, the dot turns amber, ms. */
const STALE = 5000;
/** Width of the points that are appended to the history, ms. */
export const POINT = 10_000;

export interface Point {
  time: number;
  value: number;
}

class Live {
  snapshot = $state.raw<LiveSnapshot | undefined>(undefined);
  /** The same, at most once a second: for what would be restless at four. */
  calm = $state.raw<LiveSnapshot | undefined>(undefined);
  /** Concurrent viewers at 10 s boundaries since the page was opened. */
  points = $state.raw<Point[]>([]);
  connected = $state(false);
  #received = $state(0);
  #clock = $state(Date.now());
  /** Now, to half a second, epoch ms. */
  clock = $derived(this.#clock);

  /** How old what is shown is, ms; undefined before the first snapshot. */
  age = $derived(
    this.snapshot ? Math.max(0, this.#clock - this.#received) + this.snapshot.freshness_ms : undefined,
  );
  stale = $derived(this.age !== undefined && (this.age > STALE || !this.connected));

  /** Subscribes; returns what ends it. */
  start(): () => void {
    let calmAt = 0;
    const subscription: Subscription = stream<LiveSnapshot>('/api/v1/live', {
      open: () => (this.connected = true),
      lost: () => (this.connected = false),
      message: (snapshot) => {
        this.connected = true;
        this.snapshot = snapshot;
        this.#received = Date.now();
        this.#clock = this.#received;
        if (this.#received - calmAt >= 1000) {
          calmAt = this.#received;
          this.calm = snapshot;
        }
        this.#append(snapshot);
      },
    });
    const timer = setInterval(() => (this.#clock = Date.now()), 500);
    return () => {
      subscription.close();
      clearInterval(timer);
    };
  }

  #append(snapshot: LiveSnapshot): void {
    const at = Date.parse(snapshot.time);
    if (!Number.isFinite(at)) return;
    const boundary = Math.floor(at / POINT) * POINT;
    const last = this.points.at(-1);
    if (last && boundary <= last.time) return;
    this.points = [...this.points.slice(-1200), { time: boundary, value: snapshot.concurrent_viewers }];
  }
}

export const live = new Live();
