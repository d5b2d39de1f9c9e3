// Package sketch holds mergeable summaries in Apache DataSketches' binary
// formats, so that Spark, Druid, BigQuery and PostgreSQL can merge what Playhead
// wrote: distinct counts (HLL, lgK 12), samples of sets for intersections and
// differences (Theta, nominal 4096), and distributions (KLL, k 200). The library
// is the reference that the tests hold it to, on its own files of three languages;
// the merge of serialised sketches into an accumulator is ours.
//
// It must not know what is counted, and it touches no clock, file or network.
package sketch
