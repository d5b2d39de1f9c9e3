// Package metric is the metric layer: what can be asked, how it is asked and
// how a question becomes a physical scan and its answer a table. It is the
// only way to numbers; dashboard, API, alerts and exports all use its
// definitions.
//
// It must not know a clock, a file, a network or SQL: time comes in through
// Options.Clock, cells through Scanner.
package metric
