// The axis that a metric's figures are read from: quiet, and written as the metric is.

import { shapeOf, show } from '../format/metric';
import { FONT, type Palette } from './theme';

export function figureAxis(metric: string, colors: Palette): object {
  return {
    type: 'value',
    min: 0,
    ...(shapeOf(metric).kind === 'count' ? { minInterval: 1 } : {}),
    splitNumber: 3,
    axisLine: { show: false },
    axisTick: { show: false },
    splitLine: { lineStyle: { color: colors.grid } },
    axisLabel: { fontFamily: FONT, fontSize: 12, color: colors.muted, formatter: (v: number) => show(metric, v) },
  };
}
