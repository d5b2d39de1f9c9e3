// Rows of GET /api/v1/insights/…: an estimate with its interval and what it stands on.

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

export interface Insights {
  rows: Insight[];
  meta: { estimate?: string; n?: string; warnings?: string[] | null };
}

/** The rows; undefined when this server keeps nothing of the kind. */
export async function insights(kind: InsightKind, params: Record<string, string | undefined>, signal?: AbortSignal): Promise<Insights | undefined> {
  const query = new URLSearchParams(Object.entries(params).filter((e): e is [string, string] => Boolean(e[1])));
  try {
    const answer = await get<Partial<Insights>>(`/api/v1/insights/${kind}?${query}`, signal);
    return { rows: answer.rows ?? [], meta: answer.meta ?? {} };
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return undefined;
    throw error;
  }
}

/** The id of a row's entity of a kind, or the entity itself when it is one id. */
export function entityOf(row: Insight, of: string): string {
  return typeof row.entity === 'string' ? row.entity : (row.entity[of] ?? Object.values(row.entity)[0] ?? '');
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
