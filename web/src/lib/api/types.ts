// The answers of the API, as DESIGN §5 has them.

export interface Column {
  name: string;
  type: string;
  unit?: string;
}

export type Cell = string | number | boolean | null;

export interface QueryMeta {
  rollup?: string;
  engine?: string;
  elapsed_ms?: number;
  fresh_to?: string;
  /** Relative standard error of each approximate metric. */
  approximate?: Record<string, number>;
  suppressed?: number;
  suppressed_cells?: unknown[];
  identity_coverage?: number;
  warnings?: string[];
}

export interface Table {
  columns: Column[];
  rows: Cell[][];
  meta: QueryMeta;
}

export interface Query {
  metrics: string[];
  dimensions?: string[];
  where?: { dimension: string; in: string[] }[];
  from?: string;
  to?: string;
  grain?: string;
  timezone?: string;
  compare?: 'none' | 'previous' | 'year';
  order?: { by: string; desc?: boolean }[];
  limit?: number;
}

export interface Definition {
  name: string;
  title?: string;
  unit?: string;
  description?: string;
  formula?: string;
  denominator?: string;
  dated_by?: string;
  /** What it is dated by, where the definition comes from, its version. */
  source?: string;
  additive?: boolean;
  /** Relative standard error; 0 when exact. */
  approximate?: number;
  version?: number;
  higher_is?: number;
  /** Dimensions that it can be grouped and filtered by; none: nothing keeps it yet. */
  by?: string[] | null;
  [key: string]: unknown;
}

/** What figures can be grouped and filtered by. */
export interface DimensionDefinition {
  name: string;
  title: string;
  description?: string;
  finished_plays_only?: boolean;
  multi_valued?: boolean;
  /** It is about people: small groups are not shown. */
  audience?: boolean;
  [key: string]: unknown;
}

/** What can be asked: the answer of GET /api/v1/metrics. */
export interface Description {
  metrics?: Definition[];
  dimensions?: DimensionDefinition[];
  /** Figures made of figures: "impact(rebuffering_ratio)". */
  functions?: { name: string; title?: string; of?: string[] | null }[] | null;
  grains?: string[];
  comparisons?: string[];
  report_timezone?: string;
  limits?: { rows?: number; metrics?: number; dimensions?: number; filters?: number; values?: number; pulse_hours?: number; hour_days?: number; min_viewers?: number };
}

export interface Creative {
  id: string;
  kind: string;
  image?: string;
}

export interface Title {
  id: string;
  name: string;
  kind?: string;
  year?: number;
  runtime_ms?: number;
  genres?: string[];
  themes?: string[];
  cast?: string[];
  /** Degrees of the colour wheel that its artwork is drawn in. */
  hue?: number;
  launched?: string;
  creatives?: Creative[];
}

export interface TopEntry {
  value: string;
  concurrent_viewers: number;
  /** Viewers now less viewers five minutes ago. */
  change?: number;
}

export interface LiveSnapshot {
  time: string;
  concurrent_viewers: number;
  events_per_second: number;
  freshness_ms: number;
  per_minute: { plays: number; stalls: number; failures: number };
  top: Partial<Record<'title' | 'country' | 'device_type', TopEntry[]>>;
  countries?: Record<string, number>;
}

export interface Status {
  version?: string;
  demo?: boolean;
  first_event_at?: string | null;
  events_total?: number;
  report_timezone?: string;
  write_url?: string;
  history?: { done: number; total: number } | null;
}

export interface Annotation {
  id: string;
  time: string;
  kind: 'launch' | 'deploy' | 'incident' | 'note';
  text: string;
  title?: string;
  by?: string;
}

export interface SavedView {
  id: string;
  name: string;
  path: string;
  by?: string;
  created?: string;
}

export interface AccessKey {
  id: string;
  name: string;
  kind: 'write' | 'read';
  role?: string;
  origins?: string[] | null;
  events_per_second?: number;
  created: string;
  revoked?: string | null;
}

export interface Person {
  id: string;
  name: string;
  role: Role;
  password: boolean;
  created: string;
}

export type Role = 'viewer' | 'support' | 'admin';

export interface PipelineFigures {
  time: string;
  figures: Record<string, number>;
  counts: { name: string; labels: Record<string, string>; value: number }[] | null;
  waits: { name: string; labels: Record<string, string>; count: number; sum: number; buckets: { seconds: number; count: number }[] | null }[] | null;
}

export interface Session {
  role?: string;
  name?: string;
  demo?: boolean;
}

export interface RetentionTable {
  columns: Column[];
  rows: Cell[][];
  meta: { duration_ms?: number; bin_ms?: number; plays?: number; warnings?: string[] };
}

export interface TailEvent {
  /** Counts up without gaps at the server. */
  number?: number;
  time: string;
  key?: string;
  format?: string;
  type?: string;
  title?: string;
  accepted: boolean;
  /** accepted, duplicate, ignored or rejected. */
  result?: string;
  /** The field that was wrong. */
  field?: string;
  code?: string;
  reason?: string;
  repairs?: string[];
  raw?: string;
  became?: unknown;
}

export interface DimensionValue {
  value: string;
  label?: string;
  plays?: number;
}
