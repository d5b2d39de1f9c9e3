// What of the tail is shown, and how its JSON is laid out.

import type { TailEvent } from '$lib/api/types';

export interface TailFilter {
  /** "", "accepted" or "rejected". */
  fate: string;
  format: string;
  /** Part of a title, type, key, code or reason. */
  text: string;
}

/** accepted, rejected, or neither: a duplicate, or what is ignored on purpose. */
export function fateOf(event: TailEvent): 'accepted' | 'rejected' | 'neither' {
  if (event.accepted) return 'accepted';
  return event.result === 'duplicate' || event.result === 'ignored' ? 'neither' : 'rejected';
}

export function matches(event: TailEvent, filter: TailFilter): boolean {
  if (filter.fate && filter.fate !== fateOf(event)) return false;
  if (filter.format && event.format !== filter.format) return false;
  if (!filter.text) return true;
  const text = filter.text.toLowerCase();
  return [event.title, event.type, event.key, event.code, event.reason].some((part) => part?.toLowerCase().includes(text));
}

/** JSON text laid out to read; anything else is returned as it is. */
export function pretty(value: unknown): string {
  if (typeof value !== 'string') return JSON.stringify(value ?? null, null, 2);
  try {
    return JSON.stringify(JSON.parse(value), null, 2);
  } catch {
    return value;
  }
}
