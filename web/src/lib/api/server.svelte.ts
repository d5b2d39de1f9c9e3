// What is asked once and used everywhere: status, session, definitions, catalogue.

import { get } from './client';
import { memory } from './memory.svelte';
import type { Creative, Definition, Description, DimensionDefinition, Role, Session, Status, Title } from './types';

class Server {
  status = $state.raw<Status | undefined>(undefined);
  session = $state.raw<Session | undefined>(undefined);
  definitions = $state.raw<ReadonlyMap<string, Definition>>(new Map());
  dimensions = $state.raw<ReadonlyMap<string, DimensionDefinition>>(new Map());
  functions = $state.raw<ReadonlyMap<string, ReadonlySet<string>>>(new Map());
  grains = $state.raw<readonly string[]>([]);
  limits = $state.raw<NonNullable<Description['limits']>>({});
  titles = $state.raw<ReadonlyMap<string, Title>>(new Map());
  /** Creatives by id, with the title they belong to. */
  creatives: ReadonlyMap<string, { creative: Creative; title: Title; number: number }> = $derived(
    new Map([...this.titles.values()].flatMap((title) => (title.creatives ?? []).map((creative, i) => [creative.id, { creative, title, number: i + 1 }] as const))),
  );
  /** The server was asked who reads: pages may ask their questions. */
  ready = $state(false);
  /** Set when the reader has to sign in. */
  signedOut = $state(false);
  #known = { metrics: false, catalog: false };
  /** No event has ever come, and no history is being filled. */
  fresh = $derived(
    this.status !== undefined && !this.status.demo && !this.status.first_event_at && !this.status.events_total,
  );

  /** Loads everything; what fails is tried again with the next status. */
  async load(): Promise<void> {
    memory.clear();
    // First alone: signed out, one refusal is enough.
    await get<Session>('/api/v1/session')
      .then((session) => (this.session = session))
      .catch(() => {});
    if (this.signedOut) return;
    this.ready = true;
    await Promise.allSettled([this.#status(), this.#metrics(), this.#catalog()]);
  }

  async refresh(): Promise<void> {
    await this.#status();
    if (!this.#known.metrics) await this.#metrics();
    if (!this.#known.catalog) await this.#catalog();
  }

  /** Keeps the status current; more often while a first event is awaited. Returns what stops it. */
  start(): () => void {
    let timer: ReturnType<typeof setTimeout>;
    const tick = async (): Promise<void> => {
      if (!document.hidden && !this.signedOut) await this.refresh().catch(() => {});
      timer = setTimeout(tick, this.fresh ? 1000 : this.status?.history ? 5000 : 15_000);
    };
    timer = setTimeout(tick, 1500);
    return () => clearTimeout(timer);
  }

  /** Dimensions that some figure can be grouped by. */
  askable: readonly DimensionDefinition[] = $derived.by(() => {
    const all = [...this.dimensions.values()];
    const used = new Set([...this.definitions.values()].flatMap((d) => d.by ?? all.map((x) => x.name)));
    return all.filter((d) => used.has(d.name));
  });

  /** Those of the names that this server can answer, by the dimensions if there are some. */
  known<T extends string>(metrics: readonly T[], by: readonly string[] = []): T[] {
    return metrics.filter((m) => this.answers(m, by));
  }

  /** Whether a figure is kept, by each of the dimensions. */
  answers(metric: string, by: readonly string[] = []): boolean {
    const definition = this.definitions.get(metric);
    if (!definition) return false;
    const kept = definition.by;
    return kept ? kept.length > 0 && by.every((d) => kept.includes(d)) : by.every((d) => this.dimensions.has(d));
  }

  /** Whether `name(metric)` can be asked for. */
  applies(name: string, metric: string): boolean {
    return this.functions.get(name)?.has(metric) ?? false;
  }

  /** Whether who reads may do what needs at least this role. */
  may(least: Role): boolean {
    const order: readonly string[] = ['viewer', 'support', 'admin'];
    return order.indexOf(this.session?.role ?? '') >= order.indexOf(least);
  }

  titleName(id: string): string {
    if (id === '') return 'Unknown title';
    return this.titles.get(id)?.name ?? id;
  }

  /** "Quiet Ferry · poster 2": a creative has no name of its own. */
  creativeName(id: string): string {
    const known = this.creatives.get(id);
    return known ? `${known.title.name} · ${known.creative.kind} ${known.number}` : id || 'Unknown';
  }

  async reloadCatalog(): Promise<void> {
    memory.clear();
    await this.#catalog();
  }

  async #status(): Promise<void> {
    this.status = await get<Status>('/api/v1/status');
  }

  async #metrics(): Promise<void> {
    const answer = await get<Description>('/api/v1/metrics');
    this.definitions = new Map((answer.metrics ?? []).map((d) => [d.name, d]));
    this.dimensions = new Map((answer.dimensions ?? []).map((d) => [d.name, d]));
    this.functions = new Map((answer.functions ?? []).map((f) => [f.name, new Set(f.of ?? [])]));
    this.grains = answer.grains ?? [];
    this.limits = answer.limits ?? {};
    this.#known.metrics = true;
  }

  async #catalog(): Promise<void> {
    const answer = await get<{ titles?: Title[] }>('/api/v1/catalog/titles');
    this.titles = new Map((answer.titles ?? []).map((t) => [t.id, t]));
    this.#known.catalog = true;
  }
}

export const server = new Server();
