// What the page may be broken down by, as its address says.

import { server } from '$lib/api/server.svelte';
import { pairName, PAIRS } from './crossed';
import { CAUSES } from './figures';

/** The dimension or pair that is asked for, when the server keeps the figure by it; else the CDN. */
export function breakdownOf(metric: string, asked: string | null): string {
  if (asked === null) return 'cdn';
  const pair = PAIRS.find((p) => pairName(p) === asked);
  if (pair) return server.answers(metric, pair) ? asked : 'cdn';
  return CAUSES.find((d) => d === asked && server.answers(metric, [d])) ?? 'cdn';
}
