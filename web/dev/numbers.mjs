// The fixture's figures: smooth in time, deterministic in (time, value).

import { random } from './catalog.mjs';

export const COUNTRIES = {
  US: 0.27, BR: 0.09, GB: 0.08, IN: 0.075, DE: 0.07, FR: 0.06, MX: 0.055, JP: 0.05, ES: 0.04, CA: 0.035, IT: 0.03, AU: 0.025, PL: 0.02,
  AR: 0.018, KR: 0.016, NL: 0.014, SE: 0.012, ZA: 0.01, TR: 0.009, CO: 0.008, NG: 0.006, EG: 0.005, ID: 0.004, SG: 0.003, CL: 0.002, NZ: 0.001,
};
export const DEVICES = { tv: 0.46, phone: 0.27, desktop: 0.15, tablet: 0.08, console: 0.04 };

const DAY = 86_400_000;
const wave = (ms, period, phase) => Math.sin((ms / period) * 2 * Math.PI + phase);

export function concurrent(ms) {
  const day = 1 + 0.42 * wave(ms, DAY, 2.4) + 0.08 * wave(ms, DAY / 2, 1);
  const fine = 1 + 0.006 * wave(ms, 137_000, 0) + 0.004 * wave(ms, 31_000, 1) + 0.012 * wave(ms, 1_100_000, 3);
  return Math.round(14_500 * day * fine);
}

export function share(title, all, ms) {
  const part = (t) => t.weight * (1 + 0.25 * wave(ms, 3_400_000, t.hue));
  return part(title) / all.reduce((sum, t) => sum + t.weight, 0);
}

const UNITS = { play_completion_rate: 'ratio', rebuffering_ratio: 'ratio', startup_time: 'ms', exits_before_video_start: 'ratio', video_start_failure_rate: 'ratio', video_playback_failure_rate: 'ratio', media_hours: 'hours', watch_hours: 'hours' };

function value(metric, plays, key, ms) {
  const r = random(Math.abs(Math.floor(key * 9973)) + 5)();
  const w = 1 + 0.16 * wave(ms, 5_400_000, key) + 0.1 * wave(ms, 700_000, key * 2) + 0.05 * wave(ms, 180_000, key * 3);
  switch (metric) {
    case 'plays': return Math.round(plays);
    case 'play_requests': return Math.round(plays * 1.05);
    case 'viewers': return Math.round(plays * (0.62 + 0.2 * r));
    case 'media_hours': return plays * (0.5 + 0.4 * r);
    case 'watch_hours': return plays * (0.53 + 0.42 * r);
    case 'play_completion_rate': return 0.3 + 0.45 * r;
    case 'rebuffering_ratio': return (0.004 + 0.012 * r) * w;
    case 'startup_time': return (900 + 900 * r) * w;
    case 'video_start_failure_rate': return (0.002 + 0.006 * r) * w;
    case 'exits_before_video_start': return (0.02 + 0.02 * r) * w;
    case 'video_playback_failure_rate': return (0.003 + 0.004 * r) * w;
    default: return Math.round(concurrent(ms) * plays);
  }
}

const GRAINS = { '10s': 10_000, minute: 60_000, hour: 3_600_000, day: DAY, week: 7 * DAY, month: 30 * DAY };

export function answer(query, titles, empty) {
  const to = query.to ? Date.parse(query.to) : Date.now();
  const from = query.from ? Date.parse(query.from) : to - 35 * DAY;
  const dimension = query.dimensions?.[0];
  const names = [...(query.grain && query.grain !== 'none' ? ['time'] : []), ...(query.dimensions ?? []), ...query.metrics.flatMap((m) => (query.compare && query.compare !== 'none' ? [m, `${m}_previous`] : [m]))];
  const columns = names.map((name) => ({ name, type: name === 'time' ? 'time' : query.dimensions?.includes(name) ? 'string' : 'number', unit: UNITS[name] ?? '' }));
  const meta = { rollup: 'title', engine: 'fixture', elapsed_ms: 3, fresh_to: new Date().toISOString(), approximate: query.metrics.includes('viewers') ? { viewers: 0.016 } : {}, suppressed: 0, identity_coverage: 1, warnings: [] };
  if (empty) return { columns, rows: [], meta };
  const total = titles.reduce((sum, t) => sum + t.weight, 0);
  const wanted = Object.fromEntries((query.where ?? []).map((w) => [w.dimension, w.in]));
  let part = 1;
  if (wanted.title && dimension !== 'title') part *= titles.filter((t) => wanted.title.includes(t.id)).reduce((s, t) => s + t.weight / total, 0);
  if (wanted.country && dimension !== 'country') part *= wanted.country.reduce((s, c) => s + (COUNTRIES[c] ?? 0), 0);
  if (wanted.device_type && dimension !== 'device_type') part *= wanted.device_type.reduce((s, c) => s + (DEVICES[c] ?? 0), 0);
  let groups = [['', 1, 1]];
  if (dimension === 'title') groups = titles.map((t) => [t.id, t.weight / total, t.hue]);
  if (dimension === 'country') groups = Object.entries(COUNTRIES).map(([c, p], i) => [c, p, i]);
  if (dimension === 'device_type') groups = Object.entries(DEVICES).map(([c, p], i) => [c, p, i]);
  if (dimension && wanted[dimension]) groups = groups.filter(([v]) => wanted[dimension].includes(v));
  groups = groups.slice(0, query.limit ?? 100);
  const step = GRAINS[query.grain];
  const times = step ? Array.from({ length: Math.min(5000, Math.ceil((Math.min(to, Date.now()) - Math.ceil(from / step) * step) / step)) }, (_, i) => Math.ceil(from / step) * step + i * step) : [null];
  const rows = [];
  for (const at of times) {
    for (const [name, p, key] of groups) {
      const cells = [];
      if (at !== null) cells.push(new Date(at).toISOString());
      if (dimension) cells.push(name);
      const when = at ?? to;
      for (const metric of query.metrics) {
        const scale = (ms) => (metric.startsWith('concurrent') ? p * part : (concurrent(ms) / 70) * p * part * ((step ?? to - from) / 60_000) * (0.85 + 0.4 * random(key + 3)()));
        cells.push(value(metric, scale(when), key, when));
        if (query.compare && query.compare !== 'none') cells.push(value(metric, scale(when - (to - from)) * (0.75 + 0.5 * random(key * 3 + 1)()), key + 0.4, when - (to - from) * 1.01));
      }
      rows.push(cells);
    }
  }
  return { columns, rows, meta };
}

export function retention(title, by) {
  const duration = title?.runtime_ms ?? 3_600_000;
  const bin = duration > 3_600_000 ? 20_000 : 10_000;
  const groups = by === 'device_type' ? Object.entries(DEVICES) : [['', 1]];
  const columns = [...(by === 'device_type' ? [{ name: 'device_type', type: 'string' }] : []), ...['position_ms', 'reached', 'watched', 'started', 'plays'].map((name) => ({ name, type: 'number' }))];
  const rows = [];
  groups.forEach(([name, part], g) => {
    for (let p = 0; p <= duration; p += bin) {
      const x = p / duration;
      const base = Math.exp(-x * (0.35 + 0.22 * g)) * (1 - 0.1 * Math.min(1, x * 18));
      const dip = x > 0.38 ? 0.93 : 1;
      const tail = x > 0.95 ? 1 - (x - 0.95) * 9 : 1;
      const reached = base * dip * tail;
      const watched = reached * (0.93 + 0.22 * Math.exp(-((x - 0.55) ** 2) / 0.0009) + 0.02 * Math.sin(p / 90_000));
      rows.push([...(by === 'device_type' ? [name] : []), p, reached, watched, x === 0 ? 0.86 : 0.001, Math.round(18_400 * part)]);
    }
  });
  return { columns, rows, meta: { duration_ms: duration, bin_ms: bin, plays: 18_400 } };
}

let n = 0;
export function tailEvent(titles) {
  const title = titles[Math.floor(Math.random() ** 3 * titles.length)];
  const bad = Math.random() < 0.07;
  const type = bad && Math.random() < 0.4 ? 'play_begun' : ['heartbeat', 'heartbeat', 'heartbeat', 'play_started', 'paused', 'stall_started', 'seeked', 'play_ended'][Math.floor(Math.random() * 8)];
  const now = new Date().toISOString();
  const raw = { id: `0193-${++n}`, type, time: now, viewer_id: 'v••••••7', play_id: `p••••${n % 97}`, title_id: title.id, position_ms: Math.floor(Math.random() * 3e6), context: { country: 'US', device_type: 'tv', cdn: 'edge-a' } };
  const reason = type === 'play_begun' ? 'type: “play_begun” is not an event type; did you mean play_started?' : 'time: 1970-01-01 is more than 30 days behind';
  return {
    time: now, key: 'web-player', format: Math.random() < 0.25 ? 'cmcd' : 'native', type, title: title.id, accepted: !bad,
    code: bad ? (type === 'play_begun' ? 'unknown_type' : 'too_old') : undefined, reason: bad ? reason : undefined,
    repairs: Math.random() < 0.1 ? ['device_type from the user agent'] : [], raw: JSON.stringify(raw), became: bad ? null : { ...raw, viewer: '9f2c…', country: 'US' },
  };
}

const define = (name, title, unit, description, formula, higher_is = /rebuff|startup|failure|exits/.test(name) ? -1 : 1) => ({ name, title, unit, description, formula, higher_is, version: 1, source: 'fixture' });
export const dimensions = [
  { name: 'title', title: 'Title', description: 'Title id.' },
  { name: 'country', title: 'Country', description: 'ISO 3166-1 alpha-2.' },
  { name: 'device_type', title: 'Device type', description: 'tv, phone, …' },
];
export const definitions = [
  define('plays', 'Plays', 'count', 'Plays with a first frame.', 'count of first frames'),
  define('viewers', 'Viewers', 'count', 'Distinct viewers with a first frame; an HLL estimate.', 'distinct viewers'),
  define('media_hours', 'Media hours', 'hours', 'Time in playing.', 'Σ playing time'),
  define('watch_hours', 'Watch hours', 'hours', 'Request to pause, end or failure, with startup, stalls and seeks.', 'Σ watched time'),
  define('play_completion_rate', 'Play completion rate', 'ratio', 'Plays whose distinct media watched is at least 90 % of the title.', 'completed plays / measured plays'),
  define('concurrent_viewers', 'Concurrent viewers', 'count', 'Distinct viewers of plays that are active at a 10 s boundary of event time; paused are not counted.', 'gauge'),
  define('rebuffering_ratio', 'Rebuffering ratio', 'ratio', 'The share of watched time spent waiting after the first frame.', 'Σ stall time / Σ watched time'),
  define('startup_time', 'Startup time', 'ms', 'From the request to the first frame, mean.', 'Σ startup / plays that know theirs'),
  define('video_start_failure_rate', 'Video start failure rate', 'ratio', 'Attempts with a fatal error before a first frame.', 'start failures / attempts'),
  define('exits_before_video_start', 'Exits before video start', 'ratio', 'Attempts ended before a first frame without a fatal error.', 'exits / attempts'),
  define('video_playback_failure_rate', 'Video playback failure rate', 'ratio', 'Plays ended by a fatal error after the first frame.', 'failed plays / ended plays with a first frame'),
];
