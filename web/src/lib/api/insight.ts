// Rows of GET /api/v1/insights/…: an estimate with its interval and what it stands on.

import type { Window } from '../state/url';
import type { Call } from './call';
import { ApiError, get } from './client';

export interface Insight {
  /** What the row is about: an id, or ids by what they are of. */
  entity: string | Record<string, string>;
  kind: string;
  estimate: number | null;
  low: number | null;
  high: number | null;
  n: number | null;
  basis: unknown;
  evidence: unknown;
}

export type InsightKind = 'creatives' | 'outliers' | 'affinities' | 'trends' | 'launches';

export interface InsightMeta {
  estimate?: string;
  n?: string;
  from?: string;
  to?: string;
  suppressed?: number;
  warnings?: string[] | null;
}

export interface Insights {
  rows: Insight[];
  meta: InsightMeta;
}

export type Params = Record<string, string | undefined>;

/** The question, without what is undefined or "". */
export function insightCall(kind: InsightKind, params: Params): Call {
  const query = new URLSearchParams(Object.entries(params).filter((e): e is [string, string] => Boolean(e[1])));
  return { path: `/api/v1/insights/${kind}${query.size ? `?${query}` : ''}` };
}

/** The rows; undefined when this server keeps nothing of the kind. */
export async function insights(kind: InsightKind, params: Params, signal?: AbortSignal): Promise<Insights | undefined> {
  try {
    const answer = await get<Partial<Insights>>(insightCall(kind, params).path, signal);
    return { rows: answer.rows ?? [], meta: answer.meta ?? {} };
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return undefined;
    throw error;
  }
}

/** Where all time begins, for those insights that are about their own few weeks when nothing says otherwise. */
const ALL_TIME = '2000-01-01';

/** The range of a question; of all time neither end, or with `since` a beginning long ago. */
export function spanOf(window: Pick<Window, 'from' | 'to'>, since?: 'ever'): { from: string | undefined; to: string | undefined } {
  const iso = (ms: number | undefined): string | undefined => (ms === undefined ? undefined : new Date(ms).toISOString());
  return { from: iso(window.from) ?? (since && ALL_TIME), to: iso(window.to) };
}

/** The id of a row's entity of a kind, or the entity itself when it is one id. */
export function entityOf(row: Insight, of: string): string {
  return typeof row.entity === 'string' ? row.entity : (row.entity[of] ?? Object.values(row.entity)[0] ?? '');
}

/** What else is known of a row, by name. */
export function evidenceOf(row: Insight | undefined): Record<string, unknown> {
  return row && typeof row.evidence === 'object' && row.evidence !== null ? (row.evidence as Record<string, unknown>) : {};
}

/** A number of the evidence. */
export function figureOf(row: Insight | undefined, name: string): number | undefined {
  const value = evidenceOf(row)[name];
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
}

export interface Ranged {
  estimate: number;
  low: number;
  high: number;
}

/** An estimate with its interval of the evidence. */
export function rangedOf(row: Insight | undefined, name: string): Ranged | undefined {
  const value = evidenceOf(row)[name] as Partial<Ranged> | null | undefined;
  return typeof value?.estimate === 'number' ? { estimate: value.estimate, low: value.low ?? value.estimate, high: value.high ?? value.estimate } : undefined;
}

/** A list of the evidence: numbers, and null where nothing is known. */
export function listOf(row: Insight | undefined, name: string): (number | null)[] {
  const value = evidenceOf(row)[name];
  return Array.isArray(value) ? value.map((v) => (typeof v === 'number' ? v : null)) : [];
}

/** What an insight gives as its reason, as words; "" without one. */
export function words(value: unknown): string {
  if (value == null) return '';
  if (typeof value === 'string') return value;
  if (Array.isArray(value)) return value.map(words).filter(Boolean).join('; ');
  if (typeof value === 'object') {
    return Object.entries(value)
      .map(([k, v]) => `${k.replaceAll('_', ' ')} ${typeof v === 'number' ? Number(v.toPrecision(3)) : words(v)}`)
      .join(', ');
  }
  return String(value);
}
