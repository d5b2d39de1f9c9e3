// Package native decodes Playhead's own JSON format: one event, an array,
// newline-delimited JSON, or an envelope. One bad event never spoils its
// neighbours.
//
// It is a decoder of its own because it must say for each event and field what
// is wrong, go on after it, and run without an allocation an event. It must not
// know keys, clocks or HTTP.
package native
