// A resource outside a component, for its test.

import { resource, type Resource } from './resource.svelte';

export interface Probe<A, T> {
  it: Resource<T>;
  ask(args: A): void;
  end(): void;
}

export function probe<A, T>(load: (args: A, signal: AbortSignal) => Promise<T>, name?: string): Probe<A, T> {
  let args = $state.raw<{ value: A } | undefined>(undefined);
  let it!: Resource<T>;
  const end = $effect.root(() => {
    it = resource(() => args?.value, load, name);
  });
  return { it, ask: (value) => (args = { value }), end };
}
