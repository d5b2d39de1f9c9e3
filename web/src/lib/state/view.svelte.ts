// The window, grain and filters that every panel of a page shares.

import { router } from './router.svelte';
import { server } from '../api/server.svelte';
import { grainOf, refreshOf, windowOf, type Compare, type Dimension, type Filters, type RangeId } from './url';

const DEFAULTS: Record<string, RangeId> = { live: '30m', titles: '7d', title: '7d', creatives: '28d', audiences: '28d', trends: '7d', report: '7d', explore: '7d' };

class View {
  /** Moves on by the refresh interval; what depends on it is asked for again. */
  now = $state(Date.now());
  fallback: RangeId = $derived(DEFAULTS[router.route.page] ?? '24h');
  range: RangeId = $derived(router.view.range ?? this.fallback);
  window = $derived(windowOf(router.view, this.fallback, this.now));
  grain = $derived(grainOf(this.window));
  filters = $derived(router.view.filters);
  /** The comparison drawn; all time has nothing before it. */
  compare: Compare = $derived(this.window.from === undefined ? 'none' : router.view.compare);
  /** What changes are counted against: the period before, unless a year is chosen. */
  against: Compare = $derived(this.window.from === undefined ? 'none' : this.compare === 'year' ? 'year' : 'previous');
  timezone = $derived(router.view.timezone ?? server.status?.report_timezone ?? 'UTC');
  filtered = $derived(Object.keys(this.filters).length > 0);

  /** Keeps `now` moving while the page is in sight; returns what stops it. */
  start(): () => void {
    const timer = setInterval(() => {
      if (document.hidden) return;
      if (Date.now() - this.now >= refreshOf(this.window)) this.now = Date.now();
    }, 1000);
    return () => clearInterval(timer);
  }

  /** Adds a value to a filter, or takes it out when it is already there. */
  toggle(dimension: Dimension, value: string): void {
    const values = this.of(dimension);
    this.pick(dimension, values.includes(value) ? values.filter((v) => v !== value) : [...values, value]);
  }

  /** The values of a dimension that are filtered by; none when it is not. */
  of(dimension: Dimension): readonly string[] {
    return this.filters[dimension] ?? [];
  }

  /** Filters a dimension by exactly these values; none of them removes the filter. */
  pick(dimension: Dimension, values: readonly string[]): void {
    const { [dimension]: _, ...rest } = this.filters;
    router.set({ filters: values.length ? { ...rest, [dimension]: values } : rest });
  }

  /** Adds filters, replacing those of the same dimensions. */
  set(filters: Filters): void {
    router.set({ filters: { ...this.filters, ...filters } });
  }

  clear(): void {
    if (this.filtered) router.set({ filters: {} });
  }

  zoom(from: number, to: number): void {
    router.set({ range: 'custom', from: Math.round(from), to: Math.round(to) });
  }

  reset(): void {
    if (router.view.range) router.set({ range: undefined, from: undefined, to: undefined });
  }
}

export const view = new View();
