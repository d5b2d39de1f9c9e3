// The answer of POST /api/v1/audiences/overlap, as rows of estimates.

import type { Insight } from '$lib/api/insight';

export interface OverlapAnswer {
  rows?: Insight[] | null;
  [key: string]: unknown;
}

export interface Overlap {
  a: number;
  b: number;
  both: number;
  low: number;
  high: number;
}

/** Reads the sizes of both and of what they share; undefined when the answer has none. */
export function overlapOf(answer: OverlapAnswer): Overlap | undefined {
  const rows = answer.rows ?? [];
  const sizes = rows.filter((r) => /size|audience|title/.test(r.kind) && !/overlap|both|intersection/.test(r.kind));
  const both = rows.find((r) => /overlap|both|intersection/.test(r.kind));
  if (!both || both.estimate === null) return undefined;
  return { a: sizes[0]?.estimate ?? 0, b: sizes[1]?.estimate ?? 0, both: both.estimate, low: both.low ?? both.estimate, high: both.high ?? both.estimate };
}
