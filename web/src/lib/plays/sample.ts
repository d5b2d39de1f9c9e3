// Which plays stand for a figure, and what a sample can be asked for. Pure.

import { lookOf } from './plays';
import { duration } from '../format/duration';
import { showKind } from '../format/metric';
import type { SinglePlay } from '../api/types';
import { DAY, type Filters, type Window } from '../state/url';

export const WORST = ['stalls', 'startup', 'failures', 'exits', 'bitrate', 'latest'] as const;
export type Worst = (typeof WORST)[number];

/** What plays are ordered by to show what is behind a figure. */
export function worstOf(metric: string): Worst {
  if (/rebuffering|stall/.test(metric)) return 'stalls';
  if (/startup/.test(metric)) return 'startup';
  if (/fail/.test(metric)) return 'failures';
  if (/exit/.test(metric)) return 'exits';
  if (/bitrate/.test(metric)) return 'bitrate';
  return 'latest';
}

const CALLED: Record<Worst, string> = {
  latest: 'the latest',
  stalls: 'the longest stalled',
  startup: 'the slowest to start',
  failures: 'the latest that failed',
  exits: 'the latest that were left before a start',
  bitrate: 'the lowest bitrate',
};

export function orderName(worst: Worst): string {
  return CALLED[worst];
}

/** What a play is in a sample for. */
export function reasonOf(worst: Worst, play: SinglePlay): string {
  switch (worst) {
    case 'stalls':
      return `${duration(play.stall_ms)} stalled`;
    case 'startup':
      return `${duration(play.startup_ms)} to start`;
    case 'failures':
      return play.error_code || play.error_class || 'failed';
    case 'exits': {
      const waited = Date.parse(play.to) - Date.parse(play.from);
      return `left after ${duration(waited)}`;
    }
    case 'bitrate':
      return showKind('kbps', play.bitrate_kbps);
    default:
      return play.now ? lookOf(play.now).name : `${duration(play.media_ms)} played`;
  }
}

/** Dimensions that a play has one value of. */
const SINGLE: ReadonlySet<string> = new Set(['title', 'country', 'device_type', 'cdn', 'region', 'os', 'app_version', 'player', 'isp']);
export const MOST = 7 * DAY;

export interface SampleAsk {
  from: string;
  to: string;
  where: { dimension: string; in: string[] }[];
  worst: Worst;
  limit: number;
}

export interface Asked {
  ask: SampleAsk;
  /** Filters that single plays cannot be chosen by. */
  left: string[];
  /** The time was longer than a sample may cover; its end is asked for. */
  cut: boolean;
}

/** The question for a window and the reader's filters. */
export function sampleOf(window: Window, now: number, filters: Filters, worst: Worst, limit = 20): Asked {
  const to = window.to ?? now;
  const from = window.from ?? 0;
  const cut = to - from > MOST;
  const used = Object.entries(filters).filter(([, values]) => values.length > 0);
  return {
    ask: {
      from: new Date(cut ? to - MOST : from).toISOString(),
      to: new Date(to).toISOString(),
      where: used.filter(([d]) => SINGLE.has(d)).map(([dimension, values]) => ({ dimension, in: [...values] })),
      worst,
      limit,
    },
    left: used.filter(([d]) => !SINGLE.has(d)).map(([d]) => d),
    cut,
  };
}
