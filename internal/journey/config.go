package journey

// Config holds the definitions' parameters; all times are ms.
type Config struct {
	// Horizon: what is this much older than the viewer's newest event still
	// takes its place among the rest.
	Horizon int64
	// Collapse: impressions of one creative and placement this close to the last
	// counted one count with it.
	Collapse int64
	// SelectWindow: a select this soon after an impression, or a search, is of it.
	SelectWindow int64
	// Attribution: a play whose first frame is this soon after an impression of
	// its title may be of it.
	Attribution int64
	// CompleteWithin: a take whose title is completed this soon is completed.
	CompleteWithin int64
	// SessionGap without a sign of the viewer ends a session.
	SessionGap int64
	// Refine: searches this close to each other are one.
	Refine int64
	// Memory: for how long plays of a title count together, and for how long a
	// viewer is not new again.
	Memory int64
	// Starter: so much distinct media of a title makes a starter.
	Starter int64
	// LateLimit: how long repetitions are recognised, and plays can be corrected.
	LateLimit int64
	// Forget: a viewer who was not heard of for this long is forgotten.
	Forget int64
	// HalfLife of what a chosen title says about taste; TasteDelay is how long
	// after its first frame a title begins to count, so that what is late within
	// reason changes no taste that was used.
	HalfLife, TasteDelay int64

	// Bounds for one viewer; what is over them is let go, oldest first, and counted.
	MaxImpressions, MaxPlays, MaxSeen, MaxSelects, MaxSearches, MaxSessions, MaxTitles int
	// MaxRuns and MaxViewings bound what is kept of one title.
	MaxRuns, MaxViewings int
	// MaxTastes is how many labels a viewer may like at once.
	MaxTastes int
	// MaxViewers bounds the viewers in memory; the others are on disk.
	MaxViewers int
}

const (
	minute = int64(60_000)
	hour   = 60 * minute
	day    = 24 * hour
)

// DefaultConfig is reference definition version 1.
func DefaultConfig() Config {
	return Config{
		Horizon: 30_000, Collapse: 10_000, SelectWindow: 5 * minute, Attribution: day, CompleteWithin: 7 * day,
		SessionGap: 30 * minute, Refine: 30_000, Memory: 28 * day, Starter: 2 * minute, LateLimit: day,
		Forget: 180 * day, HalfLife: 90 * day, TasteDelay: hour,
		MaxImpressions: 1_000, MaxPlays: 500, MaxSeen: 4_096, MaxSelects: 200, MaxSearches: 200, MaxSessions: 50,
		MaxTitles: 256, MaxRuns: 256, MaxViewings: 64, MaxTastes: 12, MaxViewers: 200_000,
	}
}

// watcherShare and completerShare of a title's running time, seen in all plays
// together, make a watcher and a completer.
const (
	watcherShare   = 0.7
	completerShare = 0.9
)

// keepAway is how long (ms of the log's time) a viewer who was not heard of stays
// in memory.
const keepAway = minute

// relinkAfter is how much later (ms of the log's time) than the first time a viewer must be heard
// of to count as one who was heard of last.
const relinkAfter = 5_000

// grace is how long (ms of the log's time) an impression stays after it has
// matured: a device that was offline sends what followed it in the same minutes.
const grace = hour
