// What the explorer asks, as the address holds it. Pure.

import type { Call } from '$lib/api/call';
import type { Query } from '$lib/api/types';
import type { Grain } from '$lib/state/url';

export const SHAPES = ['chart', 'table', 'pivot'] as const;
export type ShapeId = (typeof SHAPES)[number];

export interface Question {
  metrics: string[];
  dimensions: string[];
  /** undefined: over time with the grain that fits the range. */
  grain: Grain | 'auto' | 'none';
  shape: ShapeId;
  /** Column sorted by, and whether the smallest lead. */
  sort: string | undefined;
  up: boolean;
  limit: number;
}

const GRAINS = ['auto', 'none', '10s', 'minute', 'hour', 'day', 'week', 'month'] as const;
export const LIMITS = [10, 50, 200, 1000] as const;

/** Reads the page's own keys; what the server does not know is left out. */
export function parseQuestion(params: URLSearchParams, known: { metrics: ReadonlySet<string>; dimensions: ReadonlySet<string> }): Question {
  const list = (key: string, names: ReadonlySet<string>): string[] => [...new Set((params.get(key) ?? '').split(','))].filter((n) => names.has(n));
  const metrics = list('m', known.metrics);
  const grain = params.get('grain');
  const shape = params.get('as');
  const limit = Number(params.get('limit'));
  return {
    metrics: metrics.length ? metrics : ['plays', 'viewers', 'media_hours'].filter((m) => known.metrics.has(m)),
    dimensions: list('by', known.dimensions).slice(0, 3),
    grain: (GRAINS as readonly (string | null)[]).includes(grain) ? (grain as Question['grain']) : 'auto',
    shape: (SHAPES as readonly (string | null)[]).includes(shape) ? (shape as ShapeId) : 'chart',
    sort: params.get('sort') || undefined,
    up: params.get('dir') === 'up',
    limit: (LIMITS as readonly number[]).includes(limit) ? limit : 50,
  };
}

/** The page's own keys of a question; undefined takes one away. */
export function writeQuestion(q: Question): Record<string, string | undefined> {
  return {
    m: q.metrics.join(',') || undefined,
    by: q.dimensions.join(',') || undefined,
    grain: q.grain === 'auto' ? undefined : q.grain,
    as: q.shape === 'chart' ? undefined : q.shape,
    sort: q.sort,
    dir: q.up ? 'up' : undefined,
    limit: q.limit === 50 ? undefined : String(q.limit),
  };
}

export interface Scope {
  from?: string;
  to?: string;
  where?: Query['where'];
}

/** The body of POST /api/v1/query. `fitting` is the grain that fits the range. */
export function toQuery(q: Question, scope: Scope, fitting: Grain, timezone: string, compare: Query['compare']): Query {
  const grain = q.shape === 'chart' ? (q.grain === 'auto' ? fitting : q.grain) : q.grain === 'auto' ? 'none' : q.grain;
  const sort = q.sort && (q.metrics.includes(q.sort) || q.dimensions.includes(q.sort)) ? q.sort : q.metrics[0];
  const lines = q.shape === 'chart' && grain !== 'none' && q.dimensions.length > 0;
  return {
    metrics: q.metrics,
    ...(q.dimensions.length ? { dimensions: q.dimensions } : {}),
    ...scope,
    ...(grain !== 'none' ? { grain, timezone } : {}),
    ...(compare && compare !== 'none' ? { compare } : {}),
    ...(sort ? { order: [{ by: sort, desc: !q.up }] } : {}),
    limit: lines ? Math.min(q.limit, 8) : q.shape === 'pivot' ? 1000 : q.limit,
  };
}

/** The question as a program asks it. */
export function asCall(query: Query): Call {
  return { path: '/api/v1/query', body: query };
}

export interface Pivot {
  down: string[];
  across: string[];
  at: (down: string, across: string) => number | null;
}

/** Crosses two columns; the largest sums lead. */
export function pivot(rows: readonly Record<string, unknown>[], down: string, across: string, metric: string, most: { down: number; across: number }): Pivot {
  const cells = new Map<string, number>();
  const sums = { down: new Map<string, number>(), across: new Map<string, number>() };
  for (const row of rows) {
    const value = row[metric];
    const [d, a] = [String(row[down] ?? ''), String(row[across] ?? '')];
    const size = typeof value === 'number' ? Math.abs(value) : 0;
    sums.down.set(d, (sums.down.get(d) ?? 0) + size);
    sums.across.set(a, (sums.across.get(a) ?? 0) + size);
    if (typeof value === 'number') cells.set(`${d}\u0000${a}`, value);
  }
  const lead = (map: Map<string, number>, n: number): string[] => [...map].sort((x, y) => y[1] - x[1]).slice(0, n).map(([k]) => k);
  const acrossKeys = across === 'time' ? [...sums.across.keys()].sort().slice(-most.across) : lead(sums.across, most.across);
  return { down: down === 'time' ? [...sums.down.keys()].sort().slice(-most.down) : lead(sums.down, most.down), across: acrossKeys, at: (d, a) => cells.get(`${d}\u0000${a}`) ?? null };
}
