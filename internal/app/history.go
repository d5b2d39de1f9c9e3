package app

import "context"

// historyWaits reports whether an import has to wait: when more lies before the
// play state machine than it takes in a moment, or when so much waits for the
// warehouse that the loader would soon have to stop for it.
func (s *server) historyWaits() bool {
	const most = 20_000 // records
	ahead := int64(s.settings.LoadMemory) << 20 / 2
	return s.runner.Stats().LagRecords > most || s.loader != nil && s.loader.Stats(context.Background()).UnflushedBytes > ahead
}
