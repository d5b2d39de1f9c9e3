// Code that sends a first event, for three kinds of sender.

export type SnippetKind = 'curl' | 'browser' | 'hls';

/** `base` is the collector's address without a path. */
export function snippet(kind: SnippetKind, base: string): string {
  switch (kind) {
    case 'curl':
      return `curl ${base}/v1/events \\
  -H "Authorization: Bearer $WRITE_KEY" \\
  -H "Content-Type: application/json" \\
  -d '{"id":"first-'$(date +%s)'","type":"play_started","time":'$(date +%s000)',
       "viewer_id":"me","play_id":"hello","title_id":"my-first-title","position_ms":0}'`;
    case 'browser':
      return `await fetch("${base}/v1/events", {
  method: "POST",
  headers: { Authorization: "Bearer " + WRITE_KEY, "Content-Type": "application/json" },
  body: JSON.stringify({
    id: crypto.randomUUID(), type: "play_started", time: Date.now(),
    anonymous_id: "me", play_id: crypto.randomUUID(),
    title_id: "my-first-title", position_ms: 0,
  }),
});`;
    case 'hls':
      return `const hls = new Hls({
  cmcd: {
    version: 2,
    sessionId: crypto.randomUUID(),
    contentId: "my-first-title",
    eventTargets: [{
      url: "${base}/cmcd?k=" + WRITE_KEY,
      events: ["ps", "e", "t"], interval: 10, batchSize: 1,
      includeKeys: ["e", "ts", "v", "sid", "cid", "sn", "sta", "bl", "br", "bs", "pr", "st", "sf", "ec"],
    }],
  },
});`;
  }
}
