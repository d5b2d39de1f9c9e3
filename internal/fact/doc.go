// Package fact is what "process" says happened: signed additive changes
// (spans and marks) and finished plays, with the codec that the "facts" log
// stores. It is the only thing roll-ups, the live view and the warehouse read.
//
// It must not know how facts are derived (package play) nor how they are
// summed (package rollup), and it touches no clock, file or network.
package fact
