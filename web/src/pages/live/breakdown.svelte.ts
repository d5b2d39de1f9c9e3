// A ranking of one dimension on the live page: straight from the stream, or,
// when other dimensions are filtered, plays of the range asked for.

import { ask, num, scope, text } from '$lib/api/ask';
import { live } from '$lib/api/live.svelte';
import { resource, type Resource } from '$lib/api/resource.svelte';
import type { Answer } from '$lib/api/ask';
import type { Dimension } from '$lib/state/url';
import { view } from '$lib/state/view.svelte';

export interface Entry {
  value: string;
  amount: number;
  /** Against five minutes ago; only of the stream. */
  change?: number | undefined;
}

export interface Breakdown {
  readonly entries: Entry[];
  readonly live: boolean;
  readonly ready: boolean;
  /** What is counted. */
  readonly unit: 'viewers' | 'plays';
  readonly asked: Resource<Answer>;
}

/** Call while a component is being initialised. */
export function breakdown(dimension: Dimension, limit: number): Breakdown {
  const others = $derived(Object.keys(view.filters).some((d) => d !== dimension));
  const asked = resource(
    () =>
      others
        ? {
            metrics: ['plays'],
            dimensions: [dimension],
            ...scope(view.window, view.filters, { [dimension]: [] }),
            order: [{ by: 'plays', desc: true }],
            limit,
          }
        : undefined,
    ask,
  );
  const entries = $derived.by((): Entry[] => {
    if (others) return (asked.data?.rows ?? []).map((row) => ({ value: text(row[dimension]), amount: num(row.plays) ?? 0 }));
    const snapshot = live.calm;
    if (dimension === 'country' && snapshot?.countries) {
      return Object.entries(snapshot.countries)
        .map(([value, amount]) => ({ value, amount }))
        .sort((a, b) => b.amount - a.amount || a.value.localeCompare(b.value));
    }
    return (snapshot?.top?.[dimension as 'title'] ?? [])
      .slice(0, limit)
      .map((t) => ({ value: t.value, amount: t.concurrent_viewers, change: t.change }));
  });
  return {
    get entries() {
      return entries;
    },
    get live() {
      return !others;
    },
    get ready() {
      return others ? asked.data !== undefined || asked.error !== undefined : live.calm !== undefined;
    },
    get unit() {
      return others ? 'plays' : 'viewers';
    },
    asked,
  };
}
