// The answers of the API under the names that the pages use. Their shapes are made
// from its OpenAPI document (schema.ts); what a page can do without may be missing.

import type { components } from './schema';

type Schemas = components['schemas'];
/** Of T, K is always there; the rest may be missing, as an older server leaves it out. */
type Sure<T, K extends keyof T> = Pick<T, K> & Partial<Omit<T, K>>;

export type Column = Sure<Schemas['Column'], 'name' | 'type'>;
export type Cell = string | number | boolean | null;
export type QueryMeta = Partial<Schemas['Meta']>;

/** A table whose cells are typed: the document says only that there are some. */
export interface Table {
  columns: Column[];
  rows: Cell[][];
  meta: QueryMeta;
}

/** The body of POST /api/v1/query; the names of enums come from the server's description. */
export type Query = Omit<Schemas['Query'], 'metrics' | 'dimensions' | 'where' | 'order' | 'grain' | 'compare'> & {
  metrics: string[];
  dimensions?: string[];
  where?: { dimension: string; in: string[] }[];
  grain?: string;
  compare?: 'none' | 'previous' | 'year';
  order?: { by: string; desc?: boolean }[];
};

export type Definition = Sure<Schemas['Definition'], 'name'>;
export type DimensionDefinition = Sure<Schemas['Dimension'], 'name' | 'title'>;
export type Limits = Partial<Schemas['Limits']>;
/** What can be asked: the answer of GET /api/v1/metrics. */
export interface Description extends Partial<Omit<Schemas['Description'], 'metrics' | 'dimensions' | 'limits' | 'grains' | 'functions'>> {
  metrics?: Definition[];
  dimensions?: DimensionDefinition[];
  functions?: { name: string; of?: string[] | null }[] | null;
  grains?: string[];
  limits?: Limits;
}

export type Creative = Sure<Schemas['Creative'], 'id' | 'kind'>;
export type Title = Sure<Omit<Schemas['Title'], 'creatives' | '$schema'>, 'id' | 'name'> & { creatives?: Creative[] | null };
export type Annotation = Schemas['Annotation'];
export type NewAnnotation = Schemas['AnnotateInputBody'];
export type SavedView = Schemas['View'];
export type AccessKey = Schemas['Key'];
export type MadeKey = Schemas['NewKeyOutputBody'];
export type Person = Schemas['Person'];
export type Role = Person['role'];
export type PipelineFigures = Schemas['Pipeline'];
export type CatalogDiff = Schemas['Diff'];
export type Status = Partial<Schemas['Status']>;
export type Session = Partial<Schemas['Session']>;
export type DimensionValue = Sure<Schemas['Value'], 'value'> & { plays?: number };

export type Timeline = Schemas['Timeline'];
export type PlaySession = Schemas['PlaySession'];
export type SinglePlay = Schemas['Play'];
export type PlayState = Schemas['PlayState'];
export type PlaySample = Schemas['PlaySample'];
export type SamplePlay = Schemas['SamplePlay'];
export type AuditEntry = Schemas['Entry'];

export interface RetentionTable {
  columns: Column[];
  rows: Cell[][];
  meta: Partial<Schemas['RetentionMeta']>;
}

// Streams of server-sent events have no schema in an OpenAPI document.

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
