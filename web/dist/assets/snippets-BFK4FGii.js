function e(e,t,n){let r=n===void 0?`WRITE_KEY`:JSON.stringify(n);switch(e){case`curl`:return`curl ${t}/v1/events \\
  -H "Authorization: Bearer ${n??`$WRITE_KEY`}" \\
  -H "Content-Type: application/json" \\
  -d '{"id":"first-'$(date +%s)'","type":"play_started","time":'$(date +%s000)',
       "viewer_id":"me","play_id":"hello","title_id":"my-first-title","position_ms":0}'`;case`browser`:return`await fetch("${t}/v1/events", {
  method: "POST",
  headers: { Authorization: "Bearer " + ${r}, "Content-Type": "application/json" },
  body: JSON.stringify({
    id: crypto.randomUUID(), type: "play_started", time: Date.now(),
    anonymous_id: "me", play_id: crypto.randomUUID(),
    title_id: "my-first-title", position_ms: 0,
  }),
});`;case`tracker`:return`<!-- Any player, any <video>: paste before </body>. -->
<script defer src="${t}/playhead.js"
        data-key="${n??`WRITE_KEY`}"
        data-title="my-first-title"><\/script>`;case`hls`:return`const hls = new Hls({
  cmcd: {
    version: 2,
    sessionId: crypto.randomUUID(),
    contentId: "my-first-title",
    eventTargets: [{
      url: "${t}/cmcd?k=" + ${r},
      events: ["ps", "e", "t"], interval: 10, batchSize: 1,
      includeKeys: ["e", "ts", "v", "sid", "cid", "sn", "sta", "bl", "br", "bs", "pr", "st", "sf", "ec"],
    }],
  },
});`;case`dash`:return`const collector = "${t}/cmcd?k=" + ${r};
const player = dashjs.MediaPlayer().create();
player.updateSettings({ streaming: { cmcd: {
  enabled: true, version: 2, sid: crypto.randomUUID(), cid: "my-first-title",
  eventTargets: [{
    enabled: true, url: collector, events: ["ps", "e", "t"], interval: 10, batchSize: 1,
    enabledKeys: ["e", "ts", "v", "sid", "cid", "sn", "sta", "bl", "br", "bs", "pr", "st", "sf", "ec"],
  }],
} } });
player.initialize(video, new URL("film.mpd", location).href, true);`}}export{e as t};