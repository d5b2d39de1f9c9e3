// A chart by age: day 1, day 2 … since a beginning, beside the band of what is like it.

import { minus } from '../format/number';
import { showExact, showFine } from '../format/metric';
import type { EChartsCoreOption } from './echarts';
import { figureAxis } from './figureAxis';
import { spread } from './spread';
import { axisTooltip, FONT, type Palette } from './theme';

export interface AgeLine {
  name: string;
  /** By day, from the first; null where nothing is known. */
  points: readonly (number | null)[];
  /** Index of a series colour. */
  color: number;
}

/** What others had by each day: the middle four fifths of them. */
export interface AgeBand {
  low: readonly (number | null)[];
  middle: readonly (number | null)[];
  high: readonly (number | null)[];
}

export interface AgeOptions {
  metric: string;
  lines: readonly AgeLine[];
  band?: AgeBand | undefined;
  /** Of the band, in the tooltip. */
  bandName: string;
  colors: Palette;
  /** Of the chart, px. */
  height: number;
}

export function ageOption(o: AgeOptions): EChartsCoreOption {
  const axis = { fontFamily: FONT, fontSize: 12, color: o.colors.muted };
  const days = Math.max(2, ...o.lines.map((l) => l.points.length), o.band?.middle.length ?? 0);
  const room = Math.min(124, 18 + 7 * Math.max(...o.lines.map((l) => l.name.length), 0));
  const top = Math.max(1e-12, ...o.lines.flatMap((l) => l.points.map((v) => v ?? 0)), ...(o.band?.high ?? []).map((v) => v ?? 0));
  const shifts = labelShifts(o, top);
  return {
    textStyle: { fontFamily: FONT },
    grid: { left: 4, right: room, top: 12, bottom: 4, outerBoundsMode: 'same', outerBoundsContain: 'axisLabel' },
    tooltip: {
      ...axisTooltip(o.colors),
      formatter: (points: { dataIndex: number }[]) => tipElement(points[0]?.dataIndex ?? 0, o),
    },
    xAxis: {
      type: 'category',
      data: Array.from({ length: days }, (_, i) => `day ${i + 1}`),
      boundaryGap: false,
      axisLine: { lineStyle: { color: o.colors.line } },
      axisTick: { show: false },
      // The first says what is counted.
      axisLabel: { ...axis, hideOverlap: true, formatter: (name: string, i: number) => (i === 0 ? name : name.replace('day ', '')) },
    },
    yAxis: figureAxis(o.metric, o.colors, top),
    series: [...band(o), ...o.lines.map((l, i) => line(l, o, shifts[i] ?? 0, room))],
  };
}

/** How far each name moves so that none covers another, px; not lower than the axis, where its own labels begin. */
function labelShifts(o: AgeOptions, top: number): number[] {
  const room = o.height - 44;
  return spread(o.lines.map((l) => (1 - (l.points.findLast((v) => v !== null) ?? 0) / top) * room), 15, room);
}

function band(o: AgeOptions): object[] {
  const b = o.band;
  if (!b?.middle.some((v) => v !== null)) return [];
  const bare = { type: 'line', silent: true, showSymbol: false, emphasis: { disabled: true } };
  const width = b.high.map((v, i) => (v === null || b.low[i] == null ? null : v - (b.low[i] ?? 0)));
  return [
    { ...bare, name: 'low', stack: 'band', data: b.low, lineStyle: { opacity: 0 }, z: 0 },
    { ...bare, name: 'high', stack: 'band', data: width, lineStyle: { opacity: 0 }, areaStyle: { color: o.colors.muted, opacity: 0.14 }, z: 0 },
    { ...bare, name: o.bandName, data: b.middle, lineStyle: { width: 1, type: [4, 4], color: o.colors.muted }, z: 1 },
  ];
}

function line(l: AgeLine, o: AgeOptions, shift: number, room: number): object {
  const color = o.colors.series[l.color % 8];
  return {
    type: 'line',
    name: l.name,
    data: l.points,
    showSymbol: l.points.filter((v) => v !== null).length === 1,
    symbol: 'circle',
    symbolSize: 6,
    lineStyle: { width: 1.75, color },
    itemStyle: { color },
    emphasis: { disabled: true },
    endLabel: { show: true, offset: [0, shift], formatter: l.name, color, fontFamily: FONT, fontSize: 12, distance: 6, width: room - 10, overflow: 'truncate' },
    z: 2,
  };
}

/** Built as elements, not markup: names come from outside. */
function tipElement(day: number, o: AgeOptions): HTMLElement {
  const box = document.createElement('div');
  box.style.fontVariantNumeric = 'tabular-nums';
  const head = box.appendChild(document.createElement('div'));
  head.style.color = o.colors.muted;
  head.textContent = `day ${day + 1}`;
  const row = (name: string, value: string, color: string): void => {
    const at = box.appendChild(document.createElement('div'));
    at.style.cssText = 'display:flex;gap:12px;align-items:center;justify-content:space-between';
    const label = at.appendChild(document.createElement('span'));
    const dot = label.appendChild(document.createElement('i'));
    dot.style.cssText = `display:inline-block;width:8px;height:2px;margin-right:6px;vertical-align:middle;background:${color}`;
    label.append(name);
    at.appendChild(document.createElement('b')).textContent = value;
  };
  for (const l of o.lines) {
    const value = l.points[day];
    if (value != null) row(l.name, minus(showExact(o.metric, value)), o.colors.series[l.color % 8] ?? '');
  }
  const [low, middle, high] = [o.band?.low[day], o.band?.middle[day], o.band?.high[day]];
  if (middle != null) row(o.bandName, `${showFine(o.metric, middle)}${low == null || high == null ? '' : `, ${showFine(o.metric, low)} to ${showFine(o.metric, high)}`}`, o.colors.muted);
  return box;
}
