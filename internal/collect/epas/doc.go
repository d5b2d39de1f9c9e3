// Package epas decodes events of the Eyevinn Player Analytics Specification,
// version 0.2 and what its web client 0.2.0 makes of it: one JSON event a body.
// It gives what the client said as an event with raw ids; it knows no keys,
// clock or HTTP.
//
// The specification says milliseconds, the client sends seconds. Nothing in an
// event tells which, so UnitOf decides by size, and a URL may say it.
//
// The viewer and what is watched may come in a metadata event only, but a play
// is found by its viewer: so the viewer is the one that the URL names, else the
// session, never the metadata's userId, which is dropped.
package epas
