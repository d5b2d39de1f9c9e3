import type { Client } from './client';
import { now, randomId } from './event';

const attribute = 'data-playhead-impression';
const enum Limit {
  visible = 0.5, // of its area
  visibleMs = 1000,
  onceMs = 10_000,
  scanMs = 200,
}

/**
 * Reports the artwork of a page: an impression of each element that is seen at
 * least half for a second, a select when it is clicked. Calls also() whenever
 * the page may have got new elements.
 */
export function watchArtwork(client: Client, also?: () => void): void {
  const waiting = new Map<Element, number>();
  const known = new WeakMap<Element, string>();
  const counted: Record<string, { at: number; id: string } | undefined> = {};
  let scanning = false;

  const wait = (element: Element): void => {
    forget(element);
    waiting.set(element, setTimeout(seen, Limit.visibleMs, element));
  };

  const forget = (element: Element): void => {
    clearTimeout(waiting.get(element));
    waiting.delete(element);
  };

  const seen = (element: Element): void => {
    if (document.hidden) return; // begins anew when the page shows
    forget(element);
    const last = counted[artOf(element)];
    if (last && now() - last.at < Limit.onceMs) return;
    const impression_id = randomId();
    counted[artOf(element)] = { at: now(), id: impression_id };
    client.send('impression', { ...fields(element), impression_id });
  };

  const sight = new IntersectionObserver(
    (entries) => entries.forEach((entry) => (entry.intersectionRatio < Limit.visible ? forget : wait)(entry.target)),
    { threshold: Limit.visible },
  );

  const scan = (): void => {
    scanning = false;
    document.querySelectorAll(`[${attribute}]`).forEach((element) => {
      if (known.get(element) === artOf(element)) return;
      known.set(element, artOf(element));
      sight.unobserve(element); // other artwork in the same element is looked at anew
      sight.observe(element);
    });
    if (also) also();
  };

  new MutationObserver(() => {
    if (!scanning) setTimeout(scan, Limit.scanMs);
    scanning = true;
  }).observe(document, { childList: true, subtree: true, attributes: true, attributeFilter: [attribute] });
  document.addEventListener('visibilitychange', () => [...waiting.keys()].forEach(wait));
  document.addEventListener(
    'click',
    ({ target }) => {
      const element = (target as Element).closest(`[${attribute}]`);
      if (!element) return;
      const last = counted[artOf(element)];
      const select = { ...fields(element), impression_id: last && last.id };
      if (last) client.picked[select.title_id!] = last.id;
      client.send('select', select);
    },
    true,
  );
  scan();
}

function fields(element: Element) {
  const get = (name: string): string | undefined => element.getAttribute('data-playhead-' + name) || undefined;
  return {
    creative_id: get('impression'),
    title_id: get('title'),
    placement: get('placement'),
    rank: +get('rank')!, // NaN where there is none
    propensity: +get('propensity')!,
  };
}

/** What counts as the same artwork: creative and placement. */
function artOf(element: Element): string {
  const { creative_id, placement } = fields(element);
  return creative_id + '|' + placement;
}
