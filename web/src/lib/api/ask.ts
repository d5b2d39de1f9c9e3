// Queries as the pages ask them, and their rows as records.

import { query } from './client';
import type { Cell, Query, QueryMeta, Table } from './types';
import type { Filters, Window } from '../state/url';

export type Row = Record<string, Cell>;

export interface Answer {
  rows: Row[];
  columns: string[];
  meta: QueryMeta;
}

/** Query parts for a window and the reader's filters; `extra` filters win over the reader's. */
export function scope(window: Window, filters: Filters, extra: Filters = {}): Pick<Query, 'from' | 'to' | 'where'> {
  const where = Object.entries({ ...filters, ...extra })
    .filter(([, values]) => values.length > 0)
    .map(([dimension, values]) => ({ dimension, in: [...values] }));
  return {
    ...(window.from !== undefined ? { from: new Date(window.from).toISOString() } : {}),
    ...(window.to !== undefined ? { to: new Date(window.to).toISOString() } : {}),
    ...(where.length ? { where } : {}),
  };
}

export function records(table: Pick<Table, 'columns' | 'rows'>): Row[] {
  const names = table.columns.map((c) => c.name);
  return table.rows.map((cells) => Object.fromEntries(names.map((name, i) => [name, cells[i] ?? null])));
}

export async function ask(body: Query, signal?: AbortSignal): Promise<Answer> {
  const table = await query(body, signal);
  return { rows: records(table), columns: table.columns.map((c) => c.name), meta: table.meta };
}

/**
 * Rows in order of time without a first bucket that begins before the window
 * does: it holds a part of what its width promises, and would be drawn as a dip.
 */
export function course(answer: Answer | undefined, window: Window): Row[] {
  return (answer?.rows ?? [])
    .filter((row) => window.from === undefined || time(row.time) >= window.from)
    .toSorted((a, b) => time(a.time) - time(b.time));
}

/** A cell as a number; null when there is none. */
export function num(cell: Cell | undefined): number | null {
  return typeof cell === 'number' ? cell : null;
}

/** A time cell as epoch ms. */
export function time(cell: Cell | undefined): number {
  return typeof cell === 'number' ? cell : Date.parse(String(cell));
}

export function text(cell: Cell | undefined): string {
  return cell == null ? '' : String(cell);
}
