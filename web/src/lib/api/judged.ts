// A row's figure with what it stands on.

import { basisOf, type Judged } from '../figures/basis';
import { num, type Row } from './ask';

/** The metric of a row with its volume and events; of the period before with `previous`. */
export function judgedOf(metric: string, row: Row | undefined, previous = false): Judged {
  const { volume, events } = basisOf(metric);
  const cell = (name: string | undefined): number | null => (name === undefined ? null : num(row?.[previous ? `${name}_previous` : name]));
  return { value: cell(metric), volume: cell(volume), events: cell(events) };
}
