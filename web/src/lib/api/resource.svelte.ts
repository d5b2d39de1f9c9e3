// A question whose answer is kept while the next one is on its way.

import { ApiError } from './client';

/** Reader-visible slowness: a thin line appears after this, ms. */
const SLOW = 300;

export class Resource<T> {
  data = $state.raw<T | undefined>(undefined);
  error = $state.raw<ApiError | undefined>(undefined);
  /** Asked, and no answer for 300 ms. */
  slow = $state(false);
  pending = $state(false);
  #again = $state(0);

  retry = (): void => {
    this.#again++;
  };

  get attempt(): number {
    return this.#again;
  }
}

/**
 * Asks again whenever `args` changes in value. Call while a component is being
 * initialised. `args` may return undefined: nothing is asked.
 */
export function resource<A, T>(args: () => A | undefined, load: (args: A, signal: AbortSignal) => Promise<T>): Resource<T> {
  const it = new Resource<T>();
  const key = $derived.by(() => {
    const value = args();
    return value === undefined ? undefined : JSON.stringify(value);
  });
  $effect(() => {
    void it.attempt;
    if (key === undefined) return;
    const abort = new AbortController();
    const timer = setTimeout(() => (it.slow = true), SLOW);
    it.pending = true;
    load(JSON.parse(key) as A, abort.signal)
      .then((data) => {
        if (abort.signal.aborted) return;
        it.data = data;
        it.error = undefined;
      })
      .catch((error: unknown) => {
        if (abort.signal.aborted) return;
        it.error = error instanceof ApiError ? error : new ApiError(0, 'The answer could not be read', String(error));
      })
      .finally(() => {
        clearTimeout(timer);
        if (abort.signal.aborted) return;
        it.slow = false;
        it.pending = false;
      });
    return () => {
      clearTimeout(timer);
      it.slow = false;
      abort.abort();
    };
  });
  return it;
}
