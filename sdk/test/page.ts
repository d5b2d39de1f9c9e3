import { vi } from 'vitest';

/** What the tracker needs of a page, without a page. */
export interface Page {
  window: EventTarget;
  document: EventTarget & { hidden: boolean; cookie: string };
  storage: Record<string, string>;
  beacons: { url: string; body: Body }[];
  requests: Request[];
  /** Answers the next requests, in turn; the last one goes on answering. */
  answers: Answer[];
  /** All events that were sent, in the order of sending. */
  sent(): Sent[];
}

export type Answer = { status: number; body?: unknown; retryAfter?: string } | 'unreachable' | 'never';
export type Sent = { type: string; time: number; seq?: number; [field: string]: unknown };
interface Body {
  sent_at: number;
  events: Sent[];
}
interface Request {
  url: string;
  body: Body;
  keepalive: boolean;
}

export const start = Date.UTC(2026, 0, 1);

export function openPage(): Page {
  vi.useFakeTimers({ now: start });
  const page: Page = {
    window: new EventTarget(),
    document: Object.assign(new EventTarget(), { hidden: false, cookie: '' }),
    storage: {},
    beacons: [],
    requests: [],
    answers: [{ status: 200, body: { accepted: 1, rejected: [] } }],
    sent: () => page.requests.flatMap((request) => request.body.events),
  };
  vi.stubGlobal('addEventListener', page.window.addEventListener.bind(page.window));
  vi.stubGlobal('document', page.document);
  vi.stubGlobal('location', { href: 'https://page.example/watch', protocol: 'https:' });
  vi.stubGlobal('localStorage', page.storage);
  vi.stubGlobal('isSecureContext', true);
  vi.stubGlobal('navigator', {
    sendBeacon: (url: string, body: string) => page.beacons.push({ url, body: JSON.parse(body) }) > 0,
  });
  vi.stubGlobal('fetch', (url: string, init: { body: string; keepalive: boolean; signal: AbortSignal }) => {
    page.requests.push({ url, body: JSON.parse(init.body), keepalive: init.keepalive });
    const answer = page.answers.length > 1 ? page.answers.shift()! : page.answers[0]!;
    if (answer === 'unreachable') return Promise.reject(new TypeError('Failed to fetch'));
    if (answer === 'never') return new Promise((_, failed) => init.signal.addEventListener('abort', () => failed(new Error('aborted'))));
    return Promise.resolve({
      ok: answer.status === 200,
      status: answer.status,
      headers: { get: () => answer.retryAfter ?? null },
      json: () => Promise.resolve(answer.body ?? { rejected: [] }),
    });
  });
  return page;
}

export function closePage(): void {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
  vi.useRealTimers();
}
