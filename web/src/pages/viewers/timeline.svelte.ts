// A look-up and its answer. What was typed is forgotten once it was sent; the
// address holds the pseudonym, so that a copied link opens the same timeline.

import { ApiError, send } from '$lib/api/client';
import type { Timeline } from '$lib/api/types';
import { DAY } from '$lib/state/url';

export interface Who {
  viewer_id?: string;
  anonymous_id?: string;
  viewer?: string;
}

/** Reader-visible slowness: a thin line appears after this, ms. */
const SLOW = 300;

export class LookedUp {
  data = $state.raw<Timeline | undefined>(undefined);
  error = $state.raw<ApiError | undefined>(undefined);
  busy = $state(false);
  slow = $state(false);
  #last: { who: Who; days: number } | undefined;
  #asked = 0;

  retry = (): void => {
    if (this.#last) void this.ask(this.#last.who, this.#last.days);
  };

  /** Asks for the last days; answers with the pseudonym, or undefined when there is no answer. */
  async ask(who: Who, days: number): Promise<string | undefined> {
    const number = ++this.#asked;
    this.#last = who.viewer ? { who, days } : undefined;
    this.busy = true;
    const timer = setTimeout(() => (this.slow = this.busy), SLOW);
    try {
      const answer = await send<Timeline>('POST', '/api/v1/viewers/timeline', { ...who, from: new Date(Date.now() - days * DAY).toISOString() });
      if (number !== this.#asked || !answer) return undefined;
      this.data = answer;
      this.error = undefined;
      this.#last = { who: { viewer: answer.viewer }, days };
      return answer.viewer;
    } catch (error) {
      if (number !== this.#asked) return undefined;
      this.data = undefined;
      this.error = error instanceof ApiError ? error : new ApiError(0, 'The answer could not be read', String(error));
      return undefined;
    } finally {
      clearTimeout(timer);
      if (number === this.#asked) this.busy = this.slow = false;
    }
  }

  clear(): void {
    this.#asked++;
    this.data = this.error = this.#last = undefined;
    this.busy = this.slow = false;
  }
}
