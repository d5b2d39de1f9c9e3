// How dimensions and their values are called on the page.

import { server } from '../api/server.svelte';
import { countryName, deviceName, languageName, sentence } from '../format/names';
import type { Dimension } from './url';

/** Short names for chips and headers; any other dimension goes by the title that the server gives it. */
const SHORT: Record<Dimension, string> = { device_type: 'Device', os: 'OS' };

export function dimensionName(dimension: Dimension): string {
  return SHORT[dimension] ?? server.dimensions.get(dimension)?.title ?? sentence(dimension.replaceAll('_', ' '));
}

/** The name inside a sentence: "device", but "CDN". */
export function dimensionWord(dimension: Dimension): string {
  const name = dimensionName(dimension);
  return name === name.toUpperCase() ? name : name.charAt(0).toLowerCase() + name.slice(1);
}

/** Dimensions whose values are words, written as a sentence begins. */
const WORDS = new Set(['genre', 'theme', 'placement', 'kind']);

export function valueName(dimension: Dimension, value: string): string {
  if (value === '') return dimension === 'title' ? 'Unknown title' : 'Unknown';
  if (value === '(all)') return 'All';
  switch (dimension) {
    case 'title':
      return server.titleName(value);
    case 'creative':
      return server.creativeName(value);
    case 'country':
      return countryName(value);
    case 'device_type':
      return deviceName(value);
    case 'language':
      return languageName(value);
  }
  // Affinities carry their kind: "genre:drama".
  if (dimension === 'affinity') {
    const at = value.indexOf(':');
    return at > 0 ? valueName(value.slice(0, at), value.slice(at + 1)) : sentence(value);
  }
  return WORDS.has(dimension) ? sentence(value.replaceAll('_', ' ')) : value;
}
