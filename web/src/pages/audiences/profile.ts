// How an audience differs from everybody: shares side by side. Pure.

import { num, text, type Row } from '$lib/api/ask';

export interface Trait {
  value: string;
  /** Share of the audience, and of everybody. */
  share: number;
  usual: number;
  /** share / usual; undefined when nobody has it. */
  index: number | undefined;
  /** The interval of the audience's share, by the number of its viewers. */
  low: number;
  high: number;
  sure: boolean;
}

/** Traits of one dimension, those that differ most first. Values of too few viewers are left out. */
export function traits(dimension: string, audience: readonly Row[], everybody: readonly Row[], size: number, all: number, metric = 'viewers'): Trait[] {
  const usual = new Map(everybody.map((r) => [text(r[dimension]), num(r[metric]) ?? 0]));
  if (size <= 0 || all <= 0) return [];
  const out: Trait[] = [];
  for (const row of audience) {
    const value = text(row[dimension]);
    const n = num(row[metric]);
    if (value === '' || n === null) continue;
    const share = Math.min(1, n / size);
    const base = Math.min(1, (usual.get(value) ?? 0) / all);
    const half = 1.96 * Math.sqrt((share * (1 - share)) / size + (1.6e-2 * share) ** 2);
    out.push({ value, share, usual: base, index: base > 0 ? share / base : undefined, low: Math.max(0, share - half), high: Math.min(1, share + half), sure: base < share - half || base > share + half });
  }
  return out.sort((a, b) => b.share - a.share);
}

/** Those traits that set the audience apart, the strongest first. */
export function telling(list: readonly Trait[], least = 0.01): Trait[] {
  const strength = (t: Trait): number => Math.abs(Math.log((t.index ?? 1) || 1e-3)) * Math.sqrt(t.share);
  return list.filter((t) => t.sure && t.share >= least && t.index !== undefined).sort((a, b) => strength(b) - strength(a));
}
