// Package web is the dashboard: Svelte sources beside it, their committed build
// embedded in it, and the handler that serves that build.
//
// It must not know the API, the catalogue or a configuration: it serves bytes.
package web
