// The address bar as reactive state. The only place that touches history.

import { parseView, writeView, type ViewState } from './url';

/** Pages without a part of their own in the path, by that path. */
const FLAT = {
  '': 'home',
  home: 'home',
  live: 'live',
  titles: 'titles',
  creatives: 'creatives',
  audiences: 'audiences',
  trends: 'trends',
  quality: 'quality',
  explore: 'explore',
  viewers: 'viewers',
  events: 'events',
  pipeline: 'pipeline',
  settings: 'settings',
  signin: 'signin',
} as const;

export type Route =
  | { page: (typeof FLAT)[keyof typeof FLAT] }
  | { page: 'title' | 'report'; id: string }
  | { page: 'missing' };

export function parseRoute(path: string): Route {
  const parts = path.split('/').filter(Boolean);
  const [first = '', second, third] = parts;
  if (parts.length <= 1 && Object.hasOwn(FLAT, first)) return { page: FLAT[first as keyof typeof FLAT] };
  if (first === 'titles' && second !== undefined && parts.length === 2) return { page: 'title', id: decode(second) };
  if (first === 'titles' && second !== undefined && third === 'report' && parts.length === 3) return { page: 'report', id: decode(second) };
  return { page: 'missing' };
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

class Router {
  path = $state(location.pathname);
  params = $state.raw(new URLSearchParams(location.search));
  route = $derived(parseRoute(this.path));
  view: ViewState = $derived(parseView(this.params));

  /** Listens to the browser; returns what stops it. */
  start(): () => void {
    const pop = (): void => this.#read();
    const click = (event: MouseEvent): void => this.#click(event);
    addEventListener('popstate', pop);
    document.addEventListener('click', click);
    return () => {
      removeEventListener('popstate', pop);
      document.removeEventListener('click', click);
    };
  }

  /** Goes to an address of this application. */
  go(href: string, replace = false): void {
    if (replace) history.replaceState(null, '', href);
    else history.pushState(null, '', href);
    const before = this.path;
    this.#read();
    if (this.path !== before) scrollTo(0, 0);
  }

  /** The address of a page with the reader's range and filters, and the page's own keys. */
  href(path: string, own: Record<string, string> = {}): string {
    return join(path, writeView(this.view, new URLSearchParams(own)));
  }

  /** Changes the shared state in place. */
  set(patch: Partial<ViewState>, replace = false): void {
    this.go(join(this.path, writeView({ ...this.view, ...patch }, this.params)), replace);
  }

  /** Changes keys of the page itself; undefined or "" removes one. */
  own(patch: Record<string, string | undefined>, replace = true): void {
    const params = new URLSearchParams(this.params);
    for (const [key, value] of Object.entries(patch)) {
      if (value) params.set(key, value);
      else params.delete(key);
    }
    this.go(join(this.path, params), replace);
  }

  #read(): void {
    this.path = location.pathname;
    this.params = new URLSearchParams(location.search);
  }

  #click(event: MouseEvent): void {
    if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    const link = (event.target as Element | null)?.closest?.('a[href]');
    if (!(link instanceof HTMLAnchorElement) || link.target || link.hasAttribute('download')) return;
    if (link.origin !== location.origin || parseRoute(link.pathname).page === 'missing') return;
    event.preventDefault();
    this.go(link.pathname + link.search);
  }
}

function join(path: string, params: URLSearchParams): string {
  const search = params.toString();
  return search ? `${path}?${search}` : path;
}

export const router = new Router();
