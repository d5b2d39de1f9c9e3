// Package api is the read side over HTTP: queries, the live stream, the event
// debugger, retention, values, sign-in, health and the OpenAPI document that is
// generated from this code. Every endpoint states who may call it.
//
// It must not compute a figure: that is the metric layer's.
package api
