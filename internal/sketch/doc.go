// Package sketch holds mergeable distinct counts (HLL, lgK 12) in Apache
// DataSketches' binary format, so that Spark, Druid, BigQuery and PostgreSQL
// can merge what Playhead wrote. The library is the reference; the merge of
// serialised sketches into an accumulator is ours.
package sketch
