// A chart over time: one line a series, a thin dashed twin for the comparison.

import { clock, day, midnight, moment } from '../format/duration';
import { minus } from '../format/number';
import { showExact } from '../format/metric';
import { DAY, HOUR } from '../state/url';
import type { EChartsCoreOption } from './echarts';
import { figureAxis } from './figureAxis';
import { spread } from './spread';
import { ticks } from './ticks';
import { axisTooltip, FONT, type Palette } from './theme';

export interface TimeSeries {
  name: string;
  /** [epoch ms, value]; null is a gap. */
  points: [number, number | null][];
  previous?: [number, number | null][] | undefined;
  /** Index of a series colour. */
  color: number;
}

export interface TimeOptions {
  metric: string;
  series: TimeSeries[];
  timezone: string;
  area?: boolean;
  /** Rates may leave zero; amounts start there. */
  from?: number | undefined;
  to?: number | undefined;
  colors: Palette;
  /** Of the chart, px: names at the lines' ends are kept apart. */
  height?: number;
  /** Of the chart, px: how many labels its axis has room for. */
  width?: number;
  /** Stretches whose figures are still being made: shaded, so that they are not taken for gaps. */
  making?: readonly (readonly [number, number])[] | undefined;
  /** What happened: drawn as ticks on the time axis. */
  marks?: Mark[] | undefined;
}

export interface Mark {
  time: number;
  label: string;
  kind?: string;
}

export function timeOption(o: TimeOptions): EChartsCoreOption {
  const span = spanOf(o);
  const many = o.series.length > 1;
  const axis = { fontFamily: FONT, fontSize: 12, color: o.colors.muted };
  const shifts = many ? labelShifts(o) : [];
  return {
    textStyle: { fontFamily: FONT },
    grid: { left: 4, right: many ? labelRoom(o) : 12, top: 12, bottom: 4, outerBoundsMode: 'same', outerBoundsContain: 'axisLabel' },
    tooltip: tooltip(o),
    xAxis: {
      type: 'time',
      ...(o.from !== undefined ? { min: o.from } : {}),
      ...(o.to !== undefined ? { max: o.to } : {}),
      axisLine: { lineStyle: { color: o.colors.line } },
      axisTick: { show: false },
      splitLine: { show: false },
      axisLabel: { ...axis, hideOverlap: true, formatter: (ms: number) => tick(ms, span, o.timezone), customValues: labelled(o, span) },
    },
    yAxis: [
      figureAxis(o.metric, o.colors, highest(o)),
      ...(o.making?.length ? [{ type: 'value', min: 0, max: 1, show: false }] : []),
    ],
    series: [
      ...o.series.flatMap((s, i) => lines(s, o, many ? (shifts[i] ?? 0) : undefined, i === 0 ? (o.marks ?? []) : [])),
      ...(o.making ?? []).map((stretch) => shade(stretch, o, span)),
    ],
  };
}

/** The name of what is still being made; no figure of it is in a tooltip. */
const MAKING = 'history is being made';

function shade([from, to]: readonly [number, number], o: TimeOptions, span: number): object {
  const wide = (to - from) / (span || 1) > 0.18;
  return {
    type: 'line',
    name: MAKING,
    yAxisIndex: 1,
    silent: true,
    showSymbol: false,
    emphasis: { disabled: true },
    data: [[from, 1], [to, 1]],
    lineStyle: { opacity: 0 },
    areaStyle: { color: o.colors.muted, opacity: 0.1 },
    ...(wide ? { endLabel: { show: true, align: 'right', offset: [-14, 14], formatter: MAKING, color: o.colors.muted, fontFamily: FONT, fontSize: 12 } } : {}),
    z: 0,
  };
}

/**
 * Stretches of a window without a point of any series where history that is on its
 * way will be: what is before the first point, and what ends with a whole hour,
 * since history comes in pieces of whole hours. Any other gap is a gap.
 */
export function stretches(series: readonly TimeSeries[], from: number | undefined, to: number | undefined): [number, number][] {
  const times = [...new Set(series.flatMap((s) => s.points.filter(([, v]) => v !== null).map(([t]) => t)))].sort((a, b) => a - b);
  const [first, last] = [times[0], times.at(-1)];
  if (first === undefined || last === undefined) return [];
  const steps = times.slice(1).map((t, i) => t - (times[i] ?? t)).sort((a, b) => a - b);
  const step = steps[Math.floor(steps.length / 2)] ?? 0;
  const least = Math.max(3 * step, ((to ?? last) - (from ?? first)) / 50);
  const before: [number, number][] = from === undefined ? [] : [[from, first]];
  const between = times.slice(1).flatMap((t, i): [number, number][] => (t % HOUR <= step ? [[times[i] ?? t, t]] : []));
  return [...before, ...between].filter(([a, b]) => b - a > least);
}

function lines(s: TimeSeries, o: TimeOptions, shift: number | undefined, marks: readonly Mark[]): object[] {
  const many = shift !== undefined;
  const color = o.colors.series[s.color % 8];
  const base = { type: 'line', showSymbol: false, symbol: 'circle', symbolSize: 6, connectNulls: false, sampling: 'lttb', emphasis: { disabled: true } };
  const out: object[] = [];
  if (s.previous?.length) {
    out.push({
      ...base,
      name: `${s.name} · before`,
      data: s.previous,
      lineStyle: { width: 1, type: [4, 4], color: many ? color : o.colors.muted },
      itemStyle: { color: many ? color : o.colors.muted },
      z: 1,
    });
  }
  out.push({
    ...base,
    ...(hasLonePoint(s.points) ? { showSymbol: true, showAllSymbol: true, sampling: 'none', symbolSize: (_: unknown, at: { dataIndex: number }) => (isLone(s.points, at.dataIndex) ? 5 : 0) } : {}),
    name: s.name,
    // A single point has no line: it is a dot.
    showSymbol: s.points.filter(([, v]) => v !== null).length === 1,
    data: s.points,
    lineStyle: { width: 1.75, color },
    itemStyle: { color },
    ...(o.area ? { areaStyle: { color, opacity: 0.1 } } : {}),
    // Direct labels beat a legend.
    ...(many
      ? {
          endLabel: { show: true, offset: [0, shift], formatter: s.name, color, fontFamily: FONT, fontSize: 12, distance: 6, width: labelRoom(o) - 10, overflow: 'truncate' },
        }
      : {}),
    ...(marks.length ? { markLine: markLine(marks, o) } : {}),
    z: 2,
  });
  return out;
}

/** A point without a neighbour is on no line: it is drawn by itself. */
export function isLone(points: readonly [number, number | null][], i: number): boolean {
  const there = (n: number): boolean => (points[n]?.[1] ?? null) !== null;
  return there(i) && !there(i - 1) && !there(i + 1);
}

function hasLonePoint(points: readonly [number, number | null][]): boolean {
  return points.some((_, i) => isLone(points, i));
}

/** The highest figure that is drawn. */
function highest(o: TimeOptions): number {
  let high = 0;
  for (const s of o.series) for (const list of [s.points, s.previous ?? []]) for (const [, v] of list) if (v !== null && v > high) high = v;
  return high;
}

/** How far each name moves so that none covers another, px. */
function labelShifts(o: TimeOptions): number[] {
  const room = (o.height ?? 220) - 44;
  const top = Math.max(1e-12, highest(o));
  const ends = o.series.map((s) => (1 - (s.points.findLast(([, v]) => v !== null)?.[1] ?? 0) / top) * room);
  // Not lower than the axis: its own labels begin there.
  return spread(ends, 15, room);
}

/** Width for the names at the lines' ends, px. */
function labelRoom(o: TimeOptions): number {
  return Math.min(124, 18 + 7 * Math.max(...o.series.map((s) => s.name.length)));
}

function markLine(marks: readonly Mark[], o: TimeOptions): object {
  return {
    symbol: 'none',
    silent: true,
    lineStyle: { color: o.colors.muted, type: 'solid', width: 1 },
    label: { position: 'insideEndTop', rotate: 0, distance: [6, -12], color: o.colors.muted, fontFamily: FONT, fontSize: 12, width: 120, overflow: 'truncate', formatter: '{b}' },
    data: marks.map((m) => ({ xAxis: m.time, name: m.label, ...(m.kind === 'incident' ? { lineStyle: { color: o.colors.series[5] } } : {}) })),
  };
}

interface TipPoint {
  seriesName: string;
  value: [number, number | null];
  color: string;
}

function tooltip(o: TimeOptions): object {
  return { ...axisTooltip(o.colors), formatter: (points: TipPoint[]) => tipElement(points, o) };
}

/** Built as elements, not markup: names come from outside. */
function tipElement(points: TipPoint[], o: TimeOptions): HTMLElement {
  const box = document.createElement('div');
  box.style.fontVariantNumeric = 'tabular-nums';
  const head = box.appendChild(document.createElement('div'));
  head.style.color = o.colors.muted;
  head.textContent = points[0] ? moment(points[0].value[0], o.timezone, spanOf(o) < 2 * HOUR) : '';
  for (const point of points.filter((p) => p.seriesName !== MAKING)) {
    const row = box.appendChild(document.createElement('div'));
    row.style.cssText = 'display:flex;gap:12px;align-items:center;justify-content:space-between';
    const name = row.appendChild(document.createElement('span'));
    const dot = name.appendChild(document.createElement('i'));
    dot.style.cssText = `display:inline-block;width:8px;height:2px;margin-right:6px;vertical-align:middle;background:${point.color}`;
    name.append(point.seriesName);
    const value = row.appendChild(document.createElement('b'));
    value.style.fontWeight = '600';
    value.textContent = minus(showExact(o.metric, point.value[1]));
  }
  return box;
}

function spanOf(o: TimeOptions): number {
  if (o.from !== undefined && o.to !== undefined) return o.to - o.from;
  const points = o.series[0]?.points ?? [];
  return (points.at(-1)?.[0] ?? 0) - (points[0]?.[0] ?? 0);
}

/** A label of a clock of twelve hours with its room, px. */
const LABEL = 76;

/** Where the axis is labelled: as often as there is room. */
function labelled(o: TimeOptions, span: number): number[] {
  const times = o.series.flatMap((s) => [s.points[0]?.[0], s.points.at(-1)?.[0]]).filter((t): t is number => t !== undefined);
  const from = o.from ?? Math.min(...times);
  return ticks(from, o.to ?? from + span, o.timezone, Math.max(2, Math.min(8, Math.floor(((o.width ?? 700) - (o.series.length > 1 ? labelRoom(o) : 0) - 48) / LABEL))));
}

function tick(ms: number, span: number, timezone: string): string {
  if (span <= 1.5 * DAY) return clock(ms, timezone);
  return span > 8 * DAY || midnight(ms, timezone) ? day(ms, timezone) : clock(ms, timezone);
}
