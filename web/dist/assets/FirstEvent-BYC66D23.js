import{$ as e,B as t,D as n,G as r,H as i,I as a,J as o,K as s,P as c,Q as l,S as u,T as d,U as f,Z as p,et as m,w as h}from"./disclose-version-DHWkVh_Z.js";import{n as g}from"./Button-D97X5nob.js";import{P as _,a as v,k as y,s as b}from"./index-CUUD2vZ7.js";import{n as x}from"./BarList-D30v_49e.js";function S(e,t){switch(e){case`curl`:return`curl ${t}/v1/events \\
  -H "Authorization: Bearer $WRITE_KEY" \\
  -H "Content-Type: application/json" \\
  -d '{"id":"first-'$(date +%s)'","type":"play_started","time":'$(date +%s000)',
       "viewer_id":"me","play_id":"hello","title_id":"my-first-title","position_ms":0}'`;case`browser`:return`await fetch("${t}/v1/events", {
  method: "POST",
  headers: { Authorization: "Bearer " + WRITE_KEY, "Content-Type": "application/json" },
  body: JSON.stringify({
    id: crypto.randomUUID(), type: "play_started", time: Date.now(),
    anonymous_id: "me", play_id: crypto.randomUUID(),
    title_id: "my-first-title", position_ms: 0,
  }),
});`;case`hls`:return`const hls = new Hls({
  cmcd: {
    version: 2,
    sessionId: crypto.randomUUID(),
    contentId: "my-first-title",
    eventTargets: [{
      url: "${t}/cmcd?k=" + WRITE_KEY,
      events: ["ps", "e", "t"], interval: 10, batchSize: 1,
      includeKeys: ["e", "ts", "v", "sid", "cid", "sn", "sta", "bl", "br", "bs", "pr", "st", "sf", "ec"],
    }],
  },
});`}}var C=n(`<span class="inline-flex items-center gap-2 text-good svelte-6p2a32"><!> </span>`),w=n(`<span class="inline-flex items-center gap-2 svelte-6p2a32"><span class="wait size-2 rounded-full bg-warn svelte-6p2a32" aria-hidden="true"></span>Waiting for your first event…</span>`),T=n(`<div class="overflow-hidden rounded-[10px] border border-line bg-panel svelte-6p2a32"><div class="flex items-center justify-between gap-3 border-b border-line px-4 py-2 svelte-6p2a32"><!> <!></div> <pre class="overflow-x-auto px-4 py-3 font-mono text-12 leading-5 svelte-6p2a32"> </pre> <div class="flex flex-wrap items-center justify-between gap-x-6 gap-y-1 border-t border-line px-4 py-3 text-13 svelte-6p2a32" role="status"><!> <span class="text-muted svelte-6p2a32">A write key: <code class="font-mono text-12 svelte-6p2a32">playhead keys create --write</code></span></div></div>`);function E(n,E){l(E,!0);let D=s(`curl`),O=o(()=>(g.status?.write_url??location.origin).replace(/\/v1\/events\/?$/,``).replace(/\/$/,``)),k=o(()=>S(c(D),c(O))),A=o(()=>g.status?.first_event_at);var j=T(),M=t(j),N=t(M);b(N,{label:`How to send`,get value(){return c(D)},onchange:e=>r(D,e,!0),options:[{value:`curl`,label:`curl`},{value:`browser`,label:`Browser`},{value:`hls`,label:`hls.js (CMCD)`}]});var P=f(N,2);x(P,{text:()=>c(k)}),m(M);var F=f(M,2),I=i(F,!0),L=f(F,2),R=t(L),z=e=>{var n=C(),r=t(n);y(r,{size:16,"aria-hidden":`true`});var i=f(r);m(n),a(e=>h(i,`Received: the first event came ${e??``}`),[()=>v(Date.parse(c(A)),_.timezone,!0)]),d(e,n)},B=e=>{var t=w();d(e,t)};u(R,e=>{c(A)?e(z):e(B,-1)}),e(2),m(L),m(j),a(()=>h(I,c(k))),d(n,j),p()}export{E as t};