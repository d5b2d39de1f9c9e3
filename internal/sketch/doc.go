// Package sketch holds mergeable distinct counts (HLL, lgK 12) in Apache
// DataSketches' binary format, so that Spark, Druid, BigQuery and PostgreSQL
// can merge what Playhead wrote. The library is the reference that the tests
// hold it to; the merge of serialised sketches into an accumulator is ours.
//
// It must not know what is counted, and it touches no clock, file or network.
package sketch
