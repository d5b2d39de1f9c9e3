// How retention is drawn: share of plays over position, drop-off underneath.

import type { EChartsCoreOption } from '$lib/chart/echarts';
import { axisTooltip, FONT, type Palette } from '$lib/chart/theme';
import { position } from '$lib/format/duration';
import { share } from '$lib/format/locale';
import { minus, percent } from '$lib/format/number';
import { spread } from '$lib/chart/spread';

export interface Line {
  name: string;
  points: [number, number][];
  color: number;
  dashed?: boolean;
  area?: boolean;
}

/** A stretch under a curve. */
export interface Tint {
  from: number;
  to: number;
  color: number;
  /** Whether it is the one that is pointed at. */
  lit: boolean;
}

export interface RetentionOptions {
  lines: Line[];
  duration: number;
  colors: Palette;
  /** Scenes that stand out, tinted under the first line. */
  tints?: Tint[];
  /** "line" for shares, "bar" for drop-off. */
  kind: 'line' | 'bar';
  /** Of the whole chart, px. */
  height: number;
}

export function retentionOption(o: RetentionOptions): EChartsCoreOption {
  const axis = { fontFamily: FONT, fontSize: 12, color: o.colors.muted };
  const high = Math.max(...o.lines.flatMap((l) => l.points.map(([, v]) => v)), 0);
  const minutes = o.duration / 60_000;
  const top = high > 1.02 ? Math.ceil(high * 4) / 4 : 1;
  const ends = o.lines.map((l) => (1 - (l.points.at(-1)?.[1] ?? 0) / top) * (o.height - 38));
  const shifts = spread(ends, 15, o.height - 38);
  const room = roomFor(o);
  const step = [0.25, 0.5, 1, 2, 5, 10, 15, 20, 30, 60].find((s) => minutes / s <= 9) ?? 60;
  return {
    textStyle: { fontFamily: FONT },
    // Fixed margins, so that the curves and the drop-off under them share their x.
    grid: { left: 46, right: room + 14, top: 14, bottom: 24, outerBoundsMode: 'none' },
    tooltip: {
      ...axisTooltip(o.colors),
      valueFormatter: (v: number) => percent(v),
    },
    xAxis: {
      type: 'value',
      min: 0,
      max: o.duration || 'dataMax',
      interval: step * 60_000,
      axisLine: { lineStyle: { color: o.colors.line } },
      axisTick: { show: false },
      splitLine: { show: false },
      axisLabel: { ...axis, hideOverlap: true, showMaxLabel: true, formatter: (v: number) => position(v) },
      axisPointer: { label: { formatter: (p: { value: number }) => position(p.value) } },
    },
    yAxis: {
      type: 'value',
      min: 0,
      ...(o.kind === 'line' ? { max: top, interval: 0.25 } : { splitNumber: 2 }),
      axisLine: { show: false },
      axisTick: { show: false },
      axisLabel: { ...axis, formatter: (v: number) => (minus(share(v, o.kind === 'line' || Number.isInteger(Math.round(v * 1000) / 10) ? 0 : 1))) },
      splitLine: { lineStyle: { color: o.colors.grid } },
    },
    series: [...o.lines.map((line, i) => series(line, o, shifts[i] ?? 0, room)), ...(o.tints ?? []).map((t) => tinted(t, o))],
  };
}

/** The first line once more where a scene is: it is not pointed at itself. */
function tinted(t: Tint, o: RetentionOptions): object {
  const color = o.colors.series[t.color % 8];
  const points = o.lines[0]?.points ?? [];
  const data = points.filter(([p], i) => (points[i + 1]?.[0] ?? p) >= t.from && p <= t.to);
  return { type: 'line', data, silent: true, showSymbol: false, tooltip: { show: false }, emphasis: { disabled: true }, z: 3, lineStyle: { width: t.lit ? 4 : 2.5, color }, areaStyle: { color, opacity: t.lit ? 0.5 : 0.22 } };
}

/** Width for the labels at the lines' ends, px; the same for the chart of drop-off under them. */
function roomFor(o: RetentionOptions): number {
  const longest = o.kind === 'bar' ? 'Reached'.length : Math.max(7, ...o.lines.map((l) => l.name.length));
  return Math.min(110, Math.ceil(longest * 8) + 4);
}

function series(line: Line, o: RetentionOptions, shift: number, room: number): object {
  const color = o.colors.series[line.color % 8];
  const common = { name: line.name, data: line.points, itemStyle: { color }, emphasis: { disabled: true } };
  if (o.kind === 'bar') {
    return { ...common, type: 'line', step: 'end', showSymbol: false, lineStyle: { width: 1.25, color }, areaStyle: { color, opacity: 0.18 } };
  }
  return {
    ...common,
    type: 'line',
    showSymbol: false,
    lineStyle: { width: line.dashed ? 1.25 : 1.75, color, ...(line.dashed ? { type: [5, 3] } : {}) },
    ...(line.area ? { areaStyle: { color, opacity: 0.12 } } : {}),
    endLabel: { show: true, offset: [0, shift], formatter: line.name, color, fontFamily: FONT, fontSize: 12, distance: 6, width: room, overflow: 'truncate' },
  };
}
