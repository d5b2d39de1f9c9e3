import{A as e,D as t,G as n,J as r,K as i,L as a,O as o,T as s,U as c,Y as l,Z as u,et as d,nt as f,rt as p,tt as m,z as h}from"./disclose-version-C24FblNl.js";import{n as g}from"./Button-CG0qGBFz.js";import{a as _,c as v}from"./duration-vQGTR7k0.js";import{t as y}from"./CopyButton-DvzurZ6V.js";import{E as b}from"./index-Cr6I6CcI.js";import{t as x}from"./Segmented-VweI9ulu.js";function S(e,t){switch(e){case`curl`:return`curl ${t}/v1/events \\
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
});`}}var C=e(`<span class="inline-flex items-center gap-2 text-good svelte-6p2a32"><!> </span>`),w=e(`<span class="inline-flex items-center gap-2 svelte-6p2a32"><span class="wait size-2 rounded-full bg-warn svelte-6p2a32" aria-hidden="true"></span>Waiting for your first event…</span>`),T=e(`<div class="overflow-hidden rounded-[10px] border border-line bg-panel svelte-6p2a32"><div class="flex items-center justify-between gap-3 border-b border-line px-4 py-2 svelte-6p2a32"><!> <!></div> <pre class="overflow-x-auto px-4 py-3 font-mono text-12 leading-5 svelte-6p2a32"> </pre> <div class="flex flex-wrap items-center justify-between gap-x-6 gap-y-1 border-t border-line px-4 py-3 text-13 svelte-6p2a32" role="status"><!> <span class="text-muted svelte-6p2a32">A write key: <code class="font-mono text-12 svelte-6p2a32">playhead keys create --write</code></span></div></div>`);function E(e,E){m(E,!0);let D=l(`curl`),O=u(()=>(g.status?.write_url??location.origin).replace(/\/v1\/events\/?$/,``).replace(/\/$/,``)),k=u(()=>S(a(D),a(O))),A=u(()=>g.status?.first_event_at);var j=T(),M=c(j),N=c(M);x(N,{label:`How to send`,get value(){return a(D)},onchange:e=>r(D,e,!0),options:[{value:`curl`,label:`curl`},{value:`browser`,label:`Browser`},{value:`hls`,label:`hls.js (CMCD)`}]});var P=i(N,2);y(P,{text:()=>a(k)}),p(M);var F=i(M,2),I=n(F,!0),L=i(F,2),R=c(L),z=e=>{var n=C(),r=c(n);b(r,{size:16,"aria-hidden":`true`});var s=i(r);p(n),h(e=>t(s,`Received: the first event came ${e??``}`),[()=>_(Date.parse(a(A)),v.timezone,!0)]),o(e,n)},B=e=>{var t=w();o(e,t)};s(R,e=>{a(A)?e(z):e(B,-1)}),f(2),p(L),p(j),h(()=>t(I,a(k))),o(e,j),d()}export{E as t};