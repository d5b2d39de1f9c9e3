// The build for <script src>: it sets window.playhead and, where the element
// names a key, tracks every media element of the page by itself.
import { playhead } from './playhead';

(window as unknown as { playhead: typeof playhead }).playhead = playhead;

const script = document.currentScript as HTMLScriptElement | null;
const given = script ? script.dataset : {};
if (given.key) {
  const { key, persist, store, viewer, url = new URL('/', script!.src).href } = given;
  const options = { url, key, viewer, store: store === '', persist: (persist as 'cookie') || persist === '' };
  const known = new WeakSet<Element>();
  playhead(null, options, () =>
    document.querySelectorAll<HTMLMediaElement>('video,audio').forEach((element) => {
      if (known.has(element)) return;
      known.add(element);
      playhead(element, { ...options, title: element.dataset.playheadTitle || given.title });
    }),
  );
}
