import type { Client, Who } from './client';
import { now, randomId } from './event';
import type { Options, Problem, Tracker } from './types';

const enum State {
  none, // no play
  starting, // asked for, no picture yet
  playing,
  paused,
  stalled,
}

/** What the step from each state to playing is called. */
const steps = ['', 'play_started', '', 'resumed', 'stall_ended'];

const enum Ms {
  heartbeat = 10_000,
  // Seeks closer than this are one: somebody drags the handle.
  scrub = 250,
  // A seek, or a wait although there is data, that lasts longer is a stall.
  grace = 300,
  // A player that should run and has not moved for so long waits, whatever it says.
  stuck = 3000,
}

type Fields = Record<string, unknown>;

/** Turns what a media element does into the events of plays. */
export function track(video: HTMLMediaElement, client: Client, first: Options, forget: () => void): Tracker {
  const options = { ...first };
  const every = options.heartbeat! * 1000 || Ms.heartbeat;
  let state: State = State.none;
  let play = '';
  let seq = 0;
  let who: Who;
  let requested = 0; // when the current play was asked for
  let described = false; // the play has said what does not change
  let leftOpen = false; // the page was left and may come back
  let failed = false; // what still comes out of the buffer is no new play
  let loading = 0; // since when an autoplay loads
  let at = 0; // the playhead, media ms
  let movedAt = 0; // when it moved last
  let beatAt = 0;
  let beats = 0;
  let frames = 0; // dropped so far
  let bitrate: number | undefined;
  let seekAt = 0; // when the seek that is not yet told began
  let seekFrom = 0;
  let seekTo = 0;
  let seekTimer = 0;
  let waitTimer = 0;

  const milliseconds = (seconds: number): number => Math.round(seconds * 1000);

  const look = (): void => {
    const here = milliseconds(video.currentTime);
    if (here !== at) movedAt = now();
    at = here;
  };

  /** Frames dropped since the last call; NaN where there are none. */
  const dropped = (): number => {
    const { getVideoPlaybackQuality: ask } = video as HTMLVideoElement;
    const before = frames;
    frames = ask ? ask.call(video as HTMLVideoElement).droppedVideoFrames : NaN;
    return Math.max(0, frames - before);
  };

  const put = (type: string, { quality, ...more }: Fields, time: number): void => {
    const { duration } = video;
    if (options.bitrate) bitrate = options.bitrate() || bitrate;
    client.add({
      type,
      time,
      ...who,
      play_id: play,
      seq: seq++,
      title_id: options.title,
      position_ms: at,
      duration_ms: milliseconds(duration),
      live: duration === Infinity,
      rate: video.playbackRate || 1,
      quality: { bitrate_kbps: bitrate, dropped_frames: dropped(), ...(quality as Fields) },
      ...more,
    });
  };

  const tellSeek = (): void => {
    clearTimeout(seekTimer);
    const time = seekAt;
    seekAt = 0;
    if (time) put('seeked', { from_ms: seekFrom, position_ms: seekTo }, time);
  };

  const emit = (type: string, more: Fields = {}, time = now()): void => {
    tellSeek(); // it was before
    put(type, more, time);
  };

  /** What is said once a play, and again when it has changed. */
  const describe = (): Fields => {
    described = true;
    const { experiments, traits, properties, creative, placement, impression } = options;
    const { connection = {} } = navigator as { connection?: { effectiveType?: string } };
    return {
      context: {
        timezone: Intl.DateTimeFormat().resolvedOptions().timeZone,
        connection: connection.effectiveType,
        player: 'html5',
        ...options.context,
      },
      experiments,
      traits,
      properties,
      creative_id: creative,
      placement,
      impression_id: impression || client.picked[options.title!],
    };
  };

  const keepBeating = (): void => {
    beatAt = now();
    clearInterval(beats);
    beats = setInterval(beat, every);
  };

  /** Begins a play that was asked for at a time, or nobody knows when (NaN). */
  const open = (time: number): void => {
    state = State.starting;
    play = randomId();
    seq = seekAt = loading = 0;
    who = client.who;
    requested = time;
    bitrate = undefined;
    look();
    dropped(); // those of earlier plays
    keepBeating();
    if (time) emit('play_requested', describe(), time);
  };

  const close = (type = 'play_ended', more?: Fields): void => {
    if (state) emit(type, more);
    state = State.none;
    calm();
    clearInterval(beats);
  };

  const calm = (): void => {
    clearTimeout(waitTimer);
    waitTimer = 0;
  };

  const beat = (): void => {
    if (!video.seeking) look();
    if (now() - movedAt > Ms.stuck && !video.seeking) stall(movedAt);
    beatAt = now();
    if (state !== State.paused) emit('heartbeat', described ? {} : describe());
  };

  const stall = (since: number): void => {
    calm();
    if (state !== State.playing || video.paused || video.ended) return;
    tellSeek();
    state = State.stalled;
    emit('stall_started', {}, since);
  };

  /** The player waits, or seeks: a stall if it goes on. */
  const mayStall = (since: number): void => {
    waitTimer = waitTimer || setTimeout(() => {
      waitTimer = 0;
      if (video.seeking || video.readyState < 3 || !video.playbackRate) stall(since);
    }, Ms.grace);
  };

  /** The player runs: a start, the end of a wait or of a pause. */
  const run = (): void => {
    calm();
    if (failed) return;
    look();
    movedAt = now();
    let was = state;
    if (!was && leftOpen) {
      was = State.paused;
      keepBeating();
    } else if (!was) {
      open(NaN); // it ran before anybody watched it
      was = State.starting;
    }
    leftOpen = false;
    state = State.playing;
    if (steps[was]) emit(steps[was]!, was === State.starting ? { ...describe(), quality: { startup_ms: now() - requested } } : {});
  };

  /** Whether what comes next is there already. */
  const hasData = (): boolean => {
    const { buffered, currentTime } = video;
    for (let i = buffered.length; i--; ) {
      if (buffered.start(i) < currentTime + 0.1 && buffered.end(i) > currentTime + 0.2) return true;
    }
    return false;
  };

  const fail = (code: string, { fatal = true, business, message }: Problem = {}): void => {
    if (!state && loading) open(loading);
    if (!state) return;
    (fatal ? close : emit)('error', {
      quality: { error_code: code, error_fatal: fatal, error_class: business ? 'business' : '' },
      properties: message && { message: message.slice(0, 500) },
    });
    failed = fatal;
  };

  const leave = (gone: boolean): void => {
    if (state && !video.seeking) look();
    if (!gone) {
      if (state === State.playing || state === State.stalled) emit('heartbeat');
      return;
    }
    if (!state && loading && video.readyState < 3) open(loading); // nobody waited for it
    leftOpen = leftOpen || state > State.starting;
    close();
  };

  const on: Record<string, (event: Event) => void> = {
    loadstart() {
      loading = video.autoplay ? now() : 0;
    },
    canplaythrough() {
      if (video.paused) loading = 0; // it may not start by itself
    },
    play() {
      failed = false;
      if (state === State.paused || (!state && leftOpen)) run();
      else if (!state) open(loading || now());
    },
    playing() {
      // A library that waits by a rate of 0 says itself when it goes on.
      if (state !== State.stalled || video.playbackRate) run();
    },
    pause() {
      if (video.ended || !state || state === State.paused) return;
      calm();
      if (!video.seeking) look();
      if (state === State.starting) return close(); // given up before a picture
      emit('paused');
      state = State.paused;
    },
    waiting() {
      if (state !== State.playing || video.paused || video.seeking) return;
      look();
      (hasData() ? mayStall : stall)(now());
    },
    timeupdate() {
      if (video.seeking) return;
      const before = at;
      look();
      if (video.paused || video.ended || at === before) return;
      // At a rate of 0, the playhead may have come to where it stands since it was last looked at.
      if (!state || (state === State.stalled && video.readyState > 2 && video.playbackRate)) return run();
      const was = bitrate;
      if (was && options.bitrate && (bitrate = options.bitrate() || was) !== was) emit('quality_changed');
      if (now() - beatAt > every + Ms.scrub) beat(); // timers of hidden pages are late
    },
    seeking() {
      if (state < State.playing) return;
      clearTimeout(seekTimer);
      if (!seekAt) {
        seekAt = now();
        // The playhead was last looked at up to a quarter of a second ago.
        seekFrom = at + (state === State.playing ? Math.min(500, seekAt - movedAt) : 0);
      }
      seekTo = milliseconds(video.currentTime);
      if (video.loop && seekTo < 500 && seekFrom > milliseconds(video.duration) - 1000) {
        seekAt = 0; // round again: another play
        at = milliseconds(video.duration);
        close();
      } else if (state === State.playing) mayStall(seekAt);
      look();
    },
    seeked() {
      look();
      if (seekAt) seekTimer = setTimeout(tellSeek, Ms.scrub);
    },
    ratechange() {
      if (state !== State.playing) return;
      if (!video.playbackRate) {
        if (!seekAt) stall(now()); // how shaka-player waits
        return;
      }
      keepBeating();
      beat();
    },
    ended() {
      if (state) look();
      close();
    },
    emptied() {
      // Player libraries detach and attach again: they have other ways to tell.
      if (!/^blob:/.test(video.currentSrc)) close();
      leftOpen = failed = false;
    },
    error({ target }) {
      const { error } = video;
      if (target === video && error) {
        fail('MEDIA_ERR_' + ['', 'ABORTED', 'NETWORK', 'DECODE', 'SRC_NOT_SUPPORTED'][error.code], error);
      } else setTimeout(() => video.networkState === 3 && fail('MEDIA_ERR_SRC_NOT_SUPPORTED')); // the last <source> failed
    },
  };
  for (const name in on) video.addEventListener(name, on[name]!, true);
  client.leaving.add(leave);
  if (video.autoplay && video.paused && video.networkState === 2) loading = now();

  return {
    update(more) {
      if (more.title && more.title !== options.title) close();
      Object.assign(options, more);
      client.update(more);
      described = false;
    },
    error: fail,
    send(type, fields) {
      if (!/^ad_|^quality/.test(type)) client.send(type, fields);
      else if (state) emit(type, fields);
    },
    flush: client.flush,
    stop() {
      for (const name in on) video.removeEventListener(name, on[name]!, true);
      client.leaving.delete(leave);
      close();
      client.flush();
      forget();
    },
  };
}
