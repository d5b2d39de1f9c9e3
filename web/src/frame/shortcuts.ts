// Keys that work everywhere but in a text field.

import { arrowKeys } from '$lib/ui/arrows';
import { PLACES } from './places';

export interface Actions {
  help(): void;
  search(): void;
  clear(): void;
  go(path: string): void;
}

/** Second key after `g` within this time, ms. */
const CHORD = 1200;

/** Listens to the keyboard; returns what stops it. */
export function shortcuts(actions: Actions): () => void {
  let armed = -Infinity;
  const press = (event: KeyboardEvent): void => {
    if (event.defaultPrevented || event.metaKey || event.ctrlKey || event.altKey) return;
    const target = event.target as HTMLElement | null;
    const writing = target?.closest('input, textarea, select, [contenteditable]');
    if (writing || document.querySelector('dialog[open]')) return;
    // The event's own time: a busy page must not break a chord.
    if (event.timeStamp - armed < CHORD) {
      armed = -Infinity;
      const place = PLACES.find((p) => p.key === event.key)?.path;
      if (place) {
        event.preventDefault();
        actions.go(place);
        return;
      }
    }
    if (event.key === 'g') armed = event.timeStamp;
    else if (event.key === '?') actions.help();
    else if (event.key === '/') {
      event.preventDefault();
      actions.search();
    } else if (event.key === 'Escape') actions.clear();
  };
  addEventListener('keydown', press);
  addEventListener('keydown', arrowKeys);
  return () => {
    removeEventListener('keydown', press);
    removeEventListener('keydown', arrowKeys);
  };
}
