// A question whose answer is kept while the next one is on its way.

import { untrack } from 'svelte';
import { ask } from './ask';
import { ApiError } from './client';
import { memory } from './memory.svelte';

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
 * initialised. `args` may return undefined: nothing is asked. With a `name`, of
 * its own for each `load` that depends on nothing but its arguments, the answer
 * is remembered for when the page is opened again; plain queries always are.
 */
export function resource<A, T>(
  args: () => A | undefined,
  load: (args: A, signal: AbortSignal) => Promise<T>,
  name: string | undefined = (load as unknown) === ask ? 'ask' : undefined,
): Resource<T> {
  const it = new Resource<T>();
  const key = $derived.by(() => {
    const value = args();
    return value === undefined ? undefined : JSON.stringify(value);
  });
  const recall = (key: string): ReturnType<typeof memory.recall<T>> => (name === undefined ? undefined : memory.recall<T>(name, key));
  // Before the first drawing: a page that was here a moment ago has nothing to wait for.
  const first = untrack(() => key);
  if (first !== undefined) it.data = recall(first)?.data;
  let tried = 0;
  $effect(() => {
    const forced = it.attempt !== tried;
    tried = it.attempt;
    if (key === undefined) return;
    const before = forced ? undefined : recall(key);
    if (before) {
      it.data = before.data;
      if (before.fresh) {
        it.error = undefined;
        return;
      }
      memory.show(it, before.at);
    }
    const abort = new AbortController();
    const timer = setTimeout(() => (it.slow = true), SLOW);
    it.pending = true;
    load(JSON.parse(key) as A, abort.signal)
      .then((data) => {
        if (abort.signal.aborted) return;
        it.data = data;
        it.error = undefined;
        if (name !== undefined) memory.keep(name, key, data);
        memory.show(it, undefined);
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
      memory.show(it, undefined);
      abort.abort();
    };
  });
  return it;
}
