// Package demoplayer serves the demo's player page: hls.js playing a real HLS
// stream and reporting by CMCD v2 to the collector of the same origin. It is
// the reader's own part in the audience that the dashboard shows.
//
// It must not know how events are taken in or counted: the page speaks to the
// collector as any player would, over HTTP and with a write key. It holds no
// state between requests.
//
// Two folders are made, not written: clip/ by tools/make-clip.sh and
// third_party/hls.js by tools/vendor-hls.sh, which copies one file and its
// licence from the npm package that test/e2e/package.json pins.
package demoplayer
