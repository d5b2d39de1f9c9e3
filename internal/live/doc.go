// Package live holds what is true right now, in memory: who watches what at
// this moment, what started, stalled and failed in the last minute, and how
// fresh that is. It is fed by the facts as they are loaded and rebuilt from the
// last of them after a start.
//
// It must not answer anything about the past: that is the roll-ups' to do.
package live
