// How each creative does with each group of viewers: by the server's drawn estimates, or as counted. Pure.

import { text, type Row } from '$lib/api/ask';
import { evidenceOf, figureOf, type Insight } from '$lib/api/insight';
import { judgedOf } from '$lib/api/judged';
import { apart } from '$lib/figures/basis';
import { totalOf } from '$lib/figures/ranking';

export interface WhomCell {
  creative: string;
  value: number;
  low: number | undefined;
  high: number | undefined;
  /** What the figure is a share of. */
  n: number;
  /** How likely it is the best with this group. */
  best: number | undefined;
  /** Surely above (1) or below (−1) what the others do with the same group. */
  apart: -1 | 0 | 1;
}

export interface Group {
  value: string;
  n: number;
  /** Of all creatives together, with this group. */
  usual: number | null;
  cells: WhomCell[];
}

/** Of rows by a dimension: estimates drawn towards what is usual, with their intervals. */
export function groupsOfInsights(rows: readonly Insight[], by: string): Group[] {
  return grouped(
    rows.flatMap((row) => {
      const group = evidenceOf(row)[by];
      if (typeof group !== 'string' || group === '' || row.estimate === null || typeof row.entity !== 'string') return [];
      const cell: WhomCell = { creative: row.entity, value: row.estimate, low: row.low ?? undefined, high: row.high ?? undefined, n: row.n ?? 0, best: figureOf(row, 'probability_best'), apart: 0 };
      return [[group, cell] as const];
    }),
    (cells) => {
      const n = sum(cells.map((c) => c.n));
      return n > 0 ? sum(cells.map((c) => c.value * c.n)) / n : null;
    },
    (cell, usual) => (usual === null || cell.low === undefined || cell.high === undefined ? 0 : cell.low > usual ? 1 : cell.high < usual ? -1 : 0),
  );
}

/** Of rows as counted. */
export function groupsOfRows(metric: string, rows: readonly Row[], by: string): Group[] {
  const figures = new Map<WhomCell, Row>();
  return grouped(
    rows.flatMap((row) => {
      const figure = judgedOf(metric, row);
      const group = text(row[by]);
      if (group === '' || figure.value === null) return [];
      const cell: WhomCell = { creative: text(row.creative), value: figure.value, low: undefined, high: undefined, n: figure.volume ?? 0, best: undefined, apart: 0 };
      figures.set(cell, row);
      return [[group, cell] as const];
    }),
    (cells) => totalOf(metric, cells.map((c) => figures.get(c) ?? {})).value,
    (cell, _, cells) => {
      const z = apart(metric, judgedOf(metric, figures.get(cell)), totalOf(metric, cells.map((c) => figures.get(c) ?? {}))) ?? 0;
      return z > 2 ? 1 : z < -2 ? -1 : 0;
    },
  );
}

function grouped(pairs: readonly (readonly [string, WhomCell])[], usualOf: (cells: WhomCell[]) => number | null, side: (cell: WhomCell, usual: number | null, cells: WhomCell[]) => -1 | 0 | 1): Group[] {
  const found = new Map<string, WhomCell[]>();
  for (const [group, cell] of pairs) found.set(group, [...(found.get(group) ?? []), cell]);
  return [...found]
    .map(([value, cells]) => {
      const usual = usualOf(cells);
      for (const cell of cells) cell.apart = side(cell, usual, cells);
      return { value, n: sum(cells.map((c) => c.n)), usual, cells };
    })
    .sort((a, b) => b.n - a.n);
}

function sum(list: readonly number[]): number {
  return list.reduce((total, v) => total + v, 0);
}

/** The creative most likely the best with a group, where the server says how likely. */
export function likeliest(group: Group | undefined): WhomCell | undefined {
  if (!group || group.cells.length < 2) return undefined;
  return group.cells.filter((c) => c.best !== undefined).sort((a, b) => (b.best ?? 0) - (a.best ?? 0))[0];
}
