import { watchArtwork } from './artwork';
import { address, openClient, type Client } from './client';
import { track } from './track';
import type { Options, Tracker } from './types';

const clients: Record<string, Client> = {};
const watching = new Set<Client>();
const trackers = new WeakMap<HTMLMediaElement, Tracker>();

/**
 * Tracks a media element; null reports artwork only. The same element gives the
 * same tracker. also is called whenever the page may have got new elements.
 */
export function playhead(video: HTMLMediaElement | null, options: Options, also?: () => void): Tracker {
  let tracker = video && trackers.get(video);
  if (tracker) {
    tracker.update(options);
    return tracker;
  }
  const to = address(options);
  const client = (clients[to] = clients[to] || openClient(to, options));
  client.update(options);
  if (options.impressions !== false && !watching.has(client)) {
    watching.add(client);
    watchArtwork(client, also);
  }
  if (!video) return client;
  tracker = track(video, client, options, () => trackers.delete(video));
  trackers.set(video, tracker);
  return tracker;
}
