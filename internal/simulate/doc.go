// Package simulate is a deterministic synthetic audience: invented viewers in
// real time zones who watch a catalogue on devices and networks of different
// quality, with the exact truth of what they did. It drives the server as a
// load generator (Run), as the demo's live audience (Crowd) and as its past
// (History), and it checks a server's answers against the truth (Verify).
//
// It must not import play, process, rollup or metric: its truth is computed
// from what the model intended, so that it can prove them wrong. Nothing in it
// uses a global source of chance: the same seed and options give the same
// events and the same truth.
package simulate
