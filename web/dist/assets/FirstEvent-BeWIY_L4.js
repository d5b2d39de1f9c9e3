import{$ as e,D as t,F as n,G as r,H as i,P as a,Q as o,S as s,T as c,V as l,W as u,X as d,Z as f,q as p,w as m,z as h}from"./disclose-version-DhnS8JSJ.js";import{n as g}from"./Button-CQsEOoRA.js";import{D as _,M as v,a as y,s as b}from"./index-BAt-dBti.js";import{t as x}from"./CopyButton-DZBMz-07.js";function S(e,t){switch(e){case`curl`:return`curl ${t}/v1/events \\
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
    eventTargets: [{ url: "${t}/cmcd?k=" + WRITE_KEY, events: ["ps", "t", "e"], interval: 10 }],
  },
});`}}var C=t(`<span class="inline-flex items-center gap-2 text-good svelte-6p2a32"><!> </span>`),w=t(`<span class="inline-flex items-center gap-2 svelte-6p2a32"><span class="wait size-2 rounded-full bg-warn svelte-6p2a32" aria-hidden="true"></span>Waiting for your first event…</span>`),T=t(`<div class="overflow-hidden rounded-[10px] border border-line bg-panel svelte-6p2a32"><div class="flex items-center justify-between gap-3 border-b border-line px-4 py-2 svelte-6p2a32"><!> <!></div> <pre class="overflow-x-auto px-4 py-3 font-mono text-12 leading-5 svelte-6p2a32"> </pre> <div class="flex flex-wrap items-center justify-between gap-x-6 gap-y-1 border-t border-line px-4 py-3 text-13 svelte-6p2a32" role="status"><!> <span class="text-muted svelte-6p2a32">A write key: <code class="font-mono text-12 svelte-6p2a32">playhead keys create --write</code></span></div></div>`);function E(t,E){f(E,!0);let D=r(`curl`),O=p(()=>(g.status?.write_url??location.origin).replace(/\/v1\/events\/?$/,``).replace(/\/$/,``)),k=p(()=>S(a(D),a(O))),A=p(()=>g.status?.first_event_at);var j=T(),M=h(j),N=h(M);b(N,{label:`How to send`,get value(){return a(D)},onchange:e=>u(D,e,!0),options:[{value:`curl`,label:`curl`},{value:`browser`,label:`Browser`},{value:`hls`,label:`hls.js (CMCD)`}]});var P=i(N,2);x(P,{text:()=>a(k)}),e(M);var F=i(M,2),I=l(F,!0),L=i(F,2),R=h(L),z=t=>{var r=C(),o=h(r);_(o,{size:16,"aria-hidden":`true`});var s=i(o);e(r),n(e=>m(s,`Received: the first event came ${e??``}`),[()=>y(Date.parse(a(A)),v.timezone,!0)]),c(t,r)},B=e=>{var t=w();c(e,t)};s(R,e=>{a(A)?e(z):e(B,-1)}),o(2),e(L),e(j),n(()=>m(I,a(k))),c(t,j),d()}export{E as t};