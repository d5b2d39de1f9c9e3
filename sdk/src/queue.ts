import { attempt, now, type Event } from './event';

/** Sends events in batches and keeps them until the server has them. */
export interface Queue {
  add(event: Event): void;
  flush(): void;
  /** The page is hidden, or (gone) on its way out: what is queued must leave now. */
  leave(gone: boolean): void;
}

const enum Limit {
  queued = 1000, // events
  batch = 100, // events
  // Bodies sent while a page closes share 64 KiB; a character may take three bytes.
  characters = 20_000,
  gatherMs = 1000,
  retryMs = 60_000,
  askedMs = 3_600_000, // longer than any server should ask for
  patienceMs = 15_000, // with one request
}

/** Opens the queue for one address. The server drops what it gets twice, so what may not have arrived is sent again. */
export function openQueue(url: string, store: boolean | undefined): Queue {
  let queue: Event[] = [];
  let limit: number = Limit.batch;
  let timer = 0;
  let busy = false;
  let fails = 0;
  let rest = 0; // until when the server asked for peace

  const plan = (ms: number): void => {
    if (!timer && !busy && queue[0]) timer = setTimeout(flush, ms);
  };

  const save = (): void => {
    if (store) attempt(() => (localStorage.playheadQueue = JSON.stringify(queue)));
  };

  /** The events from place at on that fit into one request, and its body. */
  const batch = (at: number, n = limit): [Event[], string] => {
    const events = queue.slice(at, at + n);
    const body = JSON.stringify({ sent_at: now(), events });
    return body.length > Limit.characters && n > 1 ? batch(at, events.length >> 1) : [events, body];
  };

  /** How long to wait after a failure: twice as long each time, never the same for all clients. */
  const backOff = (asked = 0): number => {
    save();
    rest = asked > 0 ? now() + Math.min(Limit.askedMs, asked) : 0;
    return Math.max(0, rest - now()) + Math.min(Limit.retryMs, Limit.gatherMs * 2 ** fails++) * (0.5 + Math.random() / 2);
  };

  /** What to do after an answer; the result is when to send next, ms. */
  const judge = (answer: Response, events: Event[]): number => {
    const { status } = answer;
    if (status === 413 && events[1]) {
      limit = events.length >> 1;
      return 0;
    }
    if (status === 429 || status === 408 || status > 499) {
      const after = answer.headers.get('retry-after') || 0;
      return backOff(+after * 1000 || Date.parse(after as string) - now());
    }
    // Refused for good: asking again would not help, telling whoever integrates does.
    const tell = (what: unknown) => what && console.warn('playhead: refused', what);
    if (answer.ok) answer.json().then((a) => tell(a.rejected[0])).catch(() => {});
    else tell(status);
    queue = queue.filter((event) => !events.includes(event));
    fails = 0;
    save();
    return queue[20] ? 0 : Limit.gatherMs;
  };

  const flush = (): void => {
    clearTimeout(timer);
    timer = 0;
    if (busy || !queue[0]) return;
    busy = true;
    const [events, body] = batch(0);
    const cut = new AbortController();
    setTimeout(() => cut.abort(), Limit.patienceMs); // means nothing once there is an answer
    fetch(url, {
      method: 'POST',
      body, // as text: no preflight
      credentials: 'omit',
      // The page may have used up what browsers allow such requests: not twice.
      keepalive: !fails && body.length <= Limit.characters,
      signal: cut.signal,
    })
      .then((answer) => judge(answer, events), () => backOff())
      .then((ms) => {
        busy = false;
        plan(ms);
      });
  };

  if (store) attempt(() => (queue = JSON.parse(localStorage.playheadQueue)));
  addEventListener('online', () => now() < rest || flush());
  plan(0);

  return {
    add(event) {
      if (queue.push(event) > Limit.queued) {
        queue.splice(Math.max(0, queue.findIndex((e) => e.type === 'heartbeat')), 1); // the least telling one
      }
      plan(Limit.gatherMs);
    },
    flush,
    leave(gone) {
      if (!gone && !busy && !fails) return flush();
      // Nobody tells whether a beacon arrives: the queue keeps what it holds,
      // for a page that comes back.
      for (let at = 0; at < queue.length; ) {
        const [events, body] = batch(at);
        if (!navigator.sendBeacon(url, body)) break;
        at += events.length;
      }
      save();
    },
  };
}
