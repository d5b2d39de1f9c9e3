// Package lake keeps every accepted event once, normalised and pseudonymous, as
// Parquet files that any tool can read, in a folder for each hour of the
// events' own time. It reads the log "events" behind the facts that say which
// of its records are repeats, merges small files into large ones, and drops
// what is older than is kept.
//
// A file counts when the manifest names it. Whatever is killed and whenever,
// the files of the manifest hold each event up to its offsets once.
//
// It must not know what an event means: it holds what the collector stored and
// computes nothing from it. No raw id or address can get here, because the log
// has none.
package lake
