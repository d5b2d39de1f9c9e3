import { keptId, now, randomId, type Event } from './event';
import { openQueue } from './queue';
import type { Options, Tracker } from './types';

/** Who is here: the ids that every event of a moment carries. */
export type Who = { session_id: string; viewer_id?: string; anonymous_id?: string };

/** What all trackers of a page that send to one address share; itself the tracker of no element. */
export interface Client extends Tracker {
  who: Who;
  /** Impressions that were clicked, by title: they lead to its next play. */
  picked: Record<string, string>;
  /** Called when the page is hidden, or (gone) on its way out. */
  leaving: Set<(gone: boolean) => void>;
  /** Queues an event as it is; send makes one that is not of a play. */
  add(event: Event): void;
}

export function openClient(to: string, { store }: Options): Client {
  const { add, flush, leave } = openQueue(to, store);
  const client: Client = {
    who: { session_id: randomId() },
    picked: {},
    leaving: new Set(),
    update({ viewer, session, persist }) {
      const { who } = client;
      client.who = {
        session_id: session || who.session_id,
        viewer_id: viewer || who.viewer_id,
        anonymous_id: keptId(persist) || who.anonymous_id,
      };
    },
    send(type, fields) {
      add({ type, time: now(), id: randomId(), ...client.who, ...fields });
    },
    add,
    flush,
    error() {},
    stop() {},
  };
  let left = false;
  const go = (gone: boolean): void => {
    if (left) return;
    left = gone;
    client.leaving.forEach((f) => f(gone));
    leave(gone);
  };
  addEventListener('pagehide', () => go(true));
  addEventListener('pageshow', () => (left = false));
  document.addEventListener('visibilitychange', () => document.hidden && go(false));
  return client;
}

/** The address of the event path with the key in it: a beacon can carry no header. */
export function address({ url, key }: Options): string {
  const to = new URL(url, location.href);
  if (to.pathname === '/') to.pathname = '/v1/events';
  to.searchParams.set('k', key);
  return to.href;
}
