// What people wrote down beside the figures; drawn on every time axis.

import { get, send } from './client';
import type { Annotation } from './types';

const EVERY = 60_000;

class Annotations {
  list = $state.raw<readonly Annotation[]>([]);
  /** The moment for which a new one is being written, epoch ms; undefined while none is. */
  writing = $state<number | undefined>(undefined);

  /** Keeps the list current; returns what stops it. */
  start(): () => void {
    const load = (): void => void (document.hidden || this.load().catch(() => {}));
    load();
    const timer = setInterval(load, EVERY);
    return () => clearInterval(timer);
  }

  async load(): Promise<void> {
    const answer = await get<{ annotations?: Annotation[] }>('/api/v1/annotations');
    this.list = answer.annotations ?? [];
  }

  async add(note: Pick<Annotation, 'time' | 'kind' | 'text' | 'title'>): Promise<void> {
    await send('POST', '/api/v1/annotations', note);
    await this.load();
  }

  async remove(id: string): Promise<void> {
    await send('DELETE', `/api/v1/annotations/${encodeURIComponent(id)}`);
    await this.load();
  }

  /** Those of a window that concern everything, or one of the titles. */
  within(from: number, to: number, titles: readonly string[] = []): Annotation[] {
    return this.list.filter((a) => {
      const at = Date.parse(a.time);
      return at >= from && at < to && (!a.title || titles.length === 0 || titles.includes(a.title));
    });
  }
}

export const annotations = new Annotations();
