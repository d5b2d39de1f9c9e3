// Audiences by any conditions, from the sample of viewers: the question and its answer. Pure.

import type { Insight } from '$lib/api/insight';
import type { Filters } from '$lib/state/url';

/** What a condition of POST /api/v1/audiences/size may be of. */
const SAMPLED: ReadonlySet<string> = new Set(['title', 'show', 'country', 'device_type', 'genre', 'theme', 'cast', 'language']);

export interface Condition {
  dimension: string;
  in: string[];
}

/** Whether the sample can answer by all of the dimensions. */
export function sampleCan(dimensions: readonly string[]): boolean {
  return dimensions.every((d) => SAMPLED.has(d));
}

export function canSample(dimension: string): boolean {
  return SAMPLED.has(dimension);
}

/** Conditions of filters. */
export function conditions(filters: Filters): Condition[] {
  return Object.entries(filters)
    .filter(([, values]) => values.length > 0)
    .map(([dimension, values]) => ({ dimension, in: [...values] }));
}

/** Conditions of which none may hold, as the address holds them: "genre:noir" one a value. */
export function parseNone(values: readonly string[]): Filters {
  const out: Record<string, string[]> = {};
  for (const text of values) {
    const at = text.indexOf(':');
    const dimension = text.slice(0, at);
    if (at > 0 && SAMPLED.has(dimension) && at + 1 < text.length) (out[dimension] ??= []).push(text.slice(at + 1));
  }
  return out;
}

/** The same with one value more, or without it when it was there. */
export function toggleNone(values: readonly string[], dimension: string, value: string): string[] {
  const text = `${dimension}:${value}`;
  return values.includes(text) ? values.filter((v) => v !== text) : [...values, text];
}

export interface Telling {
  dimension: string;
  value: string;
  /** How much more often than everybody, with its interval. */
  index: number;
  low: number;
  high: number;
  share: number;
  usual: number;
  sure: boolean;
}

export interface Sampled {
  /** undefined: too few to be told. */
  size: { value: number; low: number; high: number } | undefined;
  population: number;
  /** Share of all viewers that the sample has. */
  share: number;
  profile: Telling[];
}

/** Reads the answer: its size, and what sets it apart, the surest first. */
export function sampledOf(rows: readonly Insight[]): Sampled | undefined {
  const size = rows.find((r) => r.kind === 'size');
  if (!size) return undefined;
  const of = (row: Insight): Record<string, number> => (row.evidence ?? {}) as Record<string, number>;
  return {
    size: size.estimate === null || size.estimate === undefined ? undefined : { value: size.estimate, low: size.low ?? size.estimate, high: size.high ?? size.estimate },
    population: of(size).population ?? 0,
    share: of(size).sampled_share ?? 1,
    profile: rows.flatMap((r): Telling[] => {
      const name = typeof r.entity === 'string' ? r.entity : '';
      const at = name.indexOf(':');
      if (!r.kind.startsWith('profile_') || at < 0 || r.estimate === null || r.low === null || r.high === null) return [];
      return [
        {
          dimension: name.slice(0, at), value: name.slice(at + 1), index: r.estimate, low: r.low, high: r.high,
          share: of(r).share ?? 0, usual: of(r).share_of_all ?? 0, sure: r.low > 1 || r.high < 1,
        },
      ];
    }),
  };
}
