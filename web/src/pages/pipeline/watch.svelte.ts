// The pipeline's counters every two seconds, and the rates between them.

import { ApiError, get } from '$lib/api/client';
import type { PipelineFigures } from '$lib/api/types';

const EVERY = 2000;
/** Points kept: ten minutes. */
const KEPT = 300;

export interface Sample {
  at: number;
  figures: Readonly<Record<string, number>>;
  /** Events that came in, by what became of them. */
  results: Readonly<Record<string, number>>;
}

export class PipelineWatch {
  latest = $state.raw<PipelineFigures | undefined>(undefined);
  samples = $state.raw<readonly Sample[]>([]);
  error = $state.raw<ApiError | undefined>(undefined);

  /** Asks while the page is in sight; returns what stops it. */
  start(): () => void {
    let timer: ReturnType<typeof setTimeout>;
    let stopped = false;
    const tick = async (): Promise<void> => {
      if (!document.hidden) await this.load();
      if (!stopped) timer = setTimeout(tick, EVERY);
    };
    void tick();
    return () => {
      stopped = true;
      clearTimeout(timer);
    };
  }

  load = async (): Promise<void> => {
    try {
      const answer = await get<PipelineFigures>('/api/v1/pipeline');
      this.error = undefined;
      this.latest = answer;
      const results: Record<string, number> = {};
      for (const c of answer.counts ?? []) {
        if (c.name === 'collect_events_total') results[c.labels.result ?? ''] = (results[c.labels.result ?? ''] ?? 0) + c.value;
      }
      this.samples = [...this.samples.slice(1 - KEPT), { at: Date.parse(answer.time), figures: answer.figures, results }];
    } catch (cause) {
      this.error = cause instanceof ApiError ? cause : new ApiError(0, 'The answer could not be read', String(cause));
    }
  };
}

/** Change a second of a counter between neighbours; a restart's fall is a gap. */
export function rates(samples: readonly Sample[], pick: (s: Sample) => number | undefined): (number | null)[] {
  return samples.slice(1).map((s, i) => {
    const before = samples[i];
    const [now, was] = [pick(s), before && pick(before)];
    if (now === undefined || was === undefined || !before || now < was || s.at <= before.at) return null;
    return ((now - was) * 1000) / (s.at - before.at);
  });
}

/** The quantile of a histogram's cumulative buckets, by the bucket's upper bound; undefined without counts. */
export function quantile(buckets: readonly { seconds: number; count: number }[], count: number, q: number): number | undefined {
  if (count <= 0) return undefined;
  return buckets.find((b) => b.count >= q * count)?.seconds ?? Infinity;
}
