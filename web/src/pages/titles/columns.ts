// The columns of the leaderboard and their order.

export interface TitleRow {
  id: string;
  name: string;
  now: Record<string, number | null>;
  before: Record<string, number | null>;
}

export const METRICS = ['plays', 'viewers', 'media_hours', 'play_completion_rate', 'rebuffering_ratio'];

export interface Column {
  id: string;
  /** Metric whose value is shown; "change" shows the plays' change. */
  metric: string;
  label: string;
  /** Narrow screens leave it out. */
  wide?: boolean;
}

export const COLUMNS: Column[] = [
  { id: 'plays', metric: 'plays', label: 'Plays' },
  { id: 'change', metric: 'plays', label: 'Change' },
  { id: 'viewers', metric: 'viewers', label: 'Viewers', wide: true },
  { id: 'media_hours', metric: 'media_hours', label: 'Media hours', wide: true },
  { id: 'play_completion_rate', metric: 'play_completion_rate', label: 'Completion', wide: true },
  { id: 'rebuffering_ratio', metric: 'rebuffering_ratio', label: 'Rebuffering', wide: true },
];

/** What a column sorts by; null sorts last either way. */
export function keyOf(row: TitleRow, column: string): number | null {
  if (column !== 'change') return row.now[column] ?? null;
  const now = row.now.plays ?? null;
  const before = row.before.plays ?? null;
  if (now === null || before === null) return null;
  return before === 0 ? (now === 0 ? 0 : Infinity) : (now - before) / before;
}

export function sorted(rows: readonly TitleRow[], column: string, up: boolean): TitleRow[] {
  return [...rows].sort((a, b) => {
    const x = keyOf(a, column);
    const y = keyOf(b, column);
    if (x === null || y === null) return x === y ? a.name.localeCompare(b.name) : x === null ? 1 : -1;
    if (x === y) return a.name.localeCompare(b.name);
    return (x < y ? -1 : 1) * (up ? 1 : -1);
  });
}
