// How dimensions and their values are called on the page.

import { server } from '../api/server.svelte';
import { countryName, deviceName } from '../format/names';
import type { Dimension } from './url';

const NAMES: Record<Dimension, string> = { title: 'Title', country: 'Country', device_type: 'Device' };

export function dimensionName(dimension: Dimension): string {
  return NAMES[dimension];
}

export function valueName(dimension: Dimension, value: string): string {
  switch (dimension) {
    case 'title':
      return server.titleName(value);
    case 'country':
      return countryName(value);
    case 'device_type':
      return deviceName(value);
  }
}
