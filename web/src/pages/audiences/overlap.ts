// The answer of POST /api/v1/audiences/overlap, as rows of estimates.

import type { Insight } from '$lib/api/insight';

export interface OverlapAnswer {
  rows?: Insight[] | null;
  [key: string]: unknown;
}

/** An audience, or what two share; undefined when it is too small to be told. */
export interface Part {
  size: number;
  low: number;
  high: number;
}

export interface Overlap {
  a: Part | undefined;
  b: Part | undefined;
  both: Part | undefined;
}

/** Reads the audiences of the titles a and b and what they share; undefined when the answer is of other titles. */
export function overlapOf(answer: OverlapAnswer, a: string, b: string): Overlap | undefined {
  const rows = answer.rows ?? [];
  const title = (id: string): Insight | undefined => rows.find((r) => r.kind === 'title' && r.entity === id);
  const both = rows.find((r) => r.kind === 'overlap');
  const [first, second] = [title(a), title(b)];
  if (!first || !second || !both) return undefined;
  return { a: part(first), b: part(second), both: part(both) };
}

function part(row: Insight): Part | undefined {
  return row.estimate === null ? undefined : { size: row.estimate, low: row.low ?? row.estimate, high: row.high ?? row.estimate };
}
