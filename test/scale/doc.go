// Package scale measures what several processors on Kafka are worth: how throughput
// grows with their number, and how long it takes one to take over a partition with many
// open plays. It prints lines `figure NAME VALUE UNIT`, which tools/bench keeps;
// docs/benchmarks.md says how each is taken.
//
// It must not know how Playhead works.
package scale
