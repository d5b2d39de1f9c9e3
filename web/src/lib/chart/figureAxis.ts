// The axis that a metric's figures are read from: quiet, and written as the metric is.

import { shapeOf, show } from '../format/metric';
import { FONT, type Palette } from './theme';

/** `high` is the highest figure that is drawn: a share is of at most all, and an axis to 120 % would promise more. */
export function figureAxis(metric: string, colors: Palette, high = 0): object {
  return {
    type: 'value',
    min: 0,
    ...(shapeOf(metric).kind === 'count' ? { minInterval: 1 } : {}),
    splitNumber: 3,
    ...(shapeOf(metric).kind === 'ratio' && high > 0.75 && high <= 1 ? { max: 1, interval: 0.25 } : {}),
    axisLine: { show: false },
    axisTick: { show: false },
    splitLine: { lineStyle: { color: colors.grid } },
    axisLabel: { fontFamily: FONT, fontSize: 12, color: colors.muted, formatter: (v: number) => show(metric, v) },
  };
}
