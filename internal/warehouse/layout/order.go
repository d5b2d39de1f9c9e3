package layout

import "playhead/internal/warehouse"

// PlayOrder is an order's condition and the expression that sorts, as of
// warehouse.PlayOrder.Score, in SQL that every engine here reads: / divides as
// fractions do. Columns hold a row's measures with its sign.
func PlayOrder(o warehouse.PlayOrder) (condition, by string) {
	switch o {
	case warehouse.MostStalled:
		return "abs(stall_ms) > 0", "abs(stall_ms)"
	case warehouse.SlowestStart:
		return "abs(startup_count) > 0", "abs(startup_ms)"
	case warehouse.Failed:
		return "(start_failures <> 0 OR playback_failures <> 0)", "first_ms"
	case warehouse.LeftEarly:
		return "exits <> 0", "first_ms"
	case warehouse.LowestBitrate:
		return "known_bitrate_ms <> 0", "-(bitrate_ms / known_bitrate_ms)"
	}
	return "1 = 1", "first_ms"
}
