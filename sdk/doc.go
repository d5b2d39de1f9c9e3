// Package sdk holds the browser tracker: its TypeScript sources (src), what
// they build to (dist, committed, checked by npm run build:check) and the
// handler that serves it.
//
// It must not know what the events mean or where they go: the page says so.
package sdk
