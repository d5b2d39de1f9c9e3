// Answers that were given a moment ago, for a page that is opened again: it shows
// at once what it showed last, marked with its age, while it asks anew.

/** Younger than this, ms, an answer to the very same question is not asked for again. */
const FRESH = 10_000;
/** Older than this, ms, it is not shown again. */
const OLD = 10 * 60_000;
/** Questions kept, those asked longest ago are forgotten first. */
const MOST = 160;
/** How far a window may have moved, as a share of it, to be shown in another's place. */
const NEAR = 0.1;

interface Entry {
  key: string;
  ends: number[];
  data: unknown;
  at: number;
}

export interface Recalled<T> {
  data: T;
  /** When it was given, epoch ms. */
  at: number;
  /** It need not be asked for again. */
  fresh: boolean;
}

class Memory {
  readonly #kept = new Map<string, Entry>();
  readonly #shown = new Map<object, number>();
  /** When the oldest recalled answer on the page was given, epoch ms; undefined while all are new. */
  oldest = $state<number | undefined>(undefined);

  /**
   * The last answer to a question that differs at most by a window that has moved
   * on. `name` tells apart who asks, `key` is what is asked, as JSON.
   */
  recall<T>(name: string, key: string, now = Date.now()): Recalled<T> | undefined {
    const { shape, ends } = shapeOf(name, key);
    const entry = this.#kept.get(shape);
    if (!entry || now - entry.at > OLD || !near(entry.ends, ends)) return undefined;
    return { data: entry.data as T, at: entry.at, fresh: entry.key === key && now - entry.at < FRESH };
  }

  keep(name: string, key: string, data: unknown, now = Date.now()): void {
    const { shape, ends } = shapeOf(name, key);
    this.#kept.delete(shape);
    this.#kept.set(shape, { key, ends, data, at: now });
    const first = this.#kept.keys().next();
    if (this.#kept.size > MOST && !first.done) this.#kept.delete(first.value);
  }

  /** Says that somebody shows an answer of before; `at` undefined: no longer. */
  show(who: object, at: number | undefined): void {
    if (at === undefined) this.#shown.delete(who);
    else this.#shown.set(who, at);
    this.oldest = this.#shown.size ? Math.min(...this.#shown.values()) : undefined;
  }

  /** Forgets everything: somebody else reads, or what names mean has changed. */
  clear(): void {
    this.#kept.clear();
  }
}

/** A question without its window, and the ends of its window, epoch ms. */
function shapeOf(name: string, key: string): { shape: string; ends: number[] } {
  const ends: number[] = [];
  const shape = JSON.stringify(JSON.parse(key), (field, value: unknown) => {
    if ((field !== 'from' && field !== 'to') || (typeof value !== 'string' && typeof value !== 'number')) return value;
    ends.push(typeof value === 'number' ? value : Date.parse(value));
    return 0;
  });
  return { shape: `${name} ${shape}`, ends };
}

function near(a: readonly number[], b: readonly number[]): boolean {
  if (a.length !== b.length) return false;
  const reach = (Math.max(...b) - Math.min(...b)) * NEAR;
  return a.every((end, i) => Math.abs(end - (b[i] ?? 0)) <= reach);
}

export const memory = new Memory();
