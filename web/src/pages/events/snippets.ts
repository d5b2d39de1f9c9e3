// Code that sends a first event, for the usual kinds of sender.

export type SnippetKind = 'curl' | 'browser' | 'hls' | 'dash' | 'tracker';

/** `base` is the collector's address without a path; without a key a name stands for it. */
export function snippet(kind: SnippetKind, base: string, key?: string): string {
  const quoted = key === undefined ? 'WRITE_KEY' : JSON.stringify(key);
  switch (kind) {
    case 'curl':
      return `curl ${base}/v1/events \\
  -H "Authorization: Bearer ${key ?? '$WRITE_KEY'}" \\
  -H "Content-Type: application/json" \\
  -d '{"id":"first-'$(date +%s)'","type":"play_started","time":'$(date +%s000)',
       "viewer_id":"me","play_id":"hello","title_id":"my-first-title","position_ms":0}'`;
    case 'browser':
      return `await fetch("${base}/v1/events", {
  method: "POST",
  headers: { Authorization: "Bearer " + ${quoted}, "Content-Type": "application/json" },
  body: JSON.stringify({
    id: crypto.randomUUID(), type: "play_started", time: Date.now(),
    anonymous_id: "me", play_id: crypto.randomUUID(),
    title_id: "my-first-title", position_ms: 0,
  }),
});`;
    case 'tracker':
      return `<!-- Any player, any <video>: paste before </body>. -->
<script defer src="${base}/playhead.js"
        data-key="${key ?? 'WRITE_KEY'}"
        data-title="my-first-title"></script>`;
    case 'hls':
      return `const hls = new Hls({
  cmcd: {
    version: 2,
    sessionId: crypto.randomUUID(),
    contentId: "my-first-title",
    eventTargets: [{
      url: "${base}/cmcd?k=" + ${quoted},
      events: ["ps", "e", "t"], interval: 10, batchSize: 1,
      includeKeys: ["e", "ts", "v", "sid", "cid", "sn", "sta", "bl", "br", "bs", "pr", "st", "sf", "ec"],
    }],
  },
});`;
    case 'dash':
      return `const collector = "${base}/cmcd?k=" + ${quoted};
const player = dashjs.MediaPlayer().create();
player.updateSettings({ streaming: { cmcd: {
  enabled: true, version: 2, sid: crypto.randomUUID(), cid: "my-first-title",
  eventTargets: [{
    enabled: true, url: collector, events: ["ps", "e", "t"], interval: 10, batchSize: 1,
    enabledKeys: ["e", "ts", "v", "sid", "cid", "sn", "sta", "bl", "br", "bs", "pr", "st", "sf", "ec"],
  }],
} } });
player.initialize(video, new URL("film.mpd", location).href, true);`;
  }
}
