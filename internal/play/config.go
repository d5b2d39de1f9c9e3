package play

// Config holds the definitions' parameters; all times are ms.
type Config struct {
	// Horizon: an event this much older than its play's newest one still takes
	// its place; an older one is counted as late.
	Horizon int64
	// PlayTimeout: a play for which nothing was received for this long is
	// closed; a gap in event time this long opens a new part.
	PlayTimeout int64
	// StartTimeout is the same for an attempt without a first frame.
	StartTimeout int64
	// LateLimit: how long after its last receipt a closed play can still be
	// corrected. ForgetAfter: how long it is known that there was such a play;
	// what is received in between is late, and what comes after it is taken for
	// another play.
	LateLimit, ForgetAfter int64
	// MinStall: a wait that is not longer is no stall.
	MinStall int64
	// SeekWindow: a stall that begins this soon after a seek is seek-caused.
	SeekWindow int64
	// MinSeek: a seek is a rewind or a skip if it goes farther than this (ms of
	// media).
	MinSeek int64
	// Heartbeat is the interval assumed until three gaps were seen.
	Heartbeat int64
	// StallActive: a stalled play counts as concurrent for this long.
	StallActive int64
	// PositionSlack: a reported position this close to the extrapolated one
	// continues the stretch.
	PositionSlack int64
	// QualifiedAfter is the media time that qualifies a play for attribution; it
	// must exceed Horizon.
	QualifiedAfter int64
	// MaxListed bounds the intervals, the stretches of media and those of
	// concurrency that one play keeps, together; at most 60,000.
	MaxListed int
	// MaxKept bounds the events of one play that can still be preceded: of a
	// player that says more within the horizon, older ones come too late.
	MaxKept int
	// MaxPlays bounds the plays of one viewer: of an id that many share, the
	// play that was silent for longest is closed and let go.
	MaxPlays int
	// MaxOpenPlays bounds the open plays of one engine: beyond it those that were
	// silent for longest, by what is left of their timeout, are closed.
	MaxOpenPlays int
}

// DefaultConfig is reference definition version 1.
func DefaultConfig() Config {
	return Config{
		Horizon: 30_000, PlayTimeout: 30 * 60_000, StartTimeout: 60_000,
		LateLimit: 24 * 3_600_000, ForgetAfter: 72 * 3_600_000,
		MinStall: 50, SeekWindow: 3_000, MinSeek: 2_000, Heartbeat: 30_000, StallActive: 5 * 60_000,
		PositionSlack: 2_000, QualifiedAfter: 120_000,
		MaxListed: 2_000, MaxKept: 500, MaxPlays: 1_000, MaxOpenPlays: 2_000_000,
	}
}

// heartbeat gaps are learned between these bounds (ms), the upper being three
// default intervals: a longer silence is no heartbeat.
const (
	minGap = 1_000
	maxGap = 90_000
	// gapsKept is how many gaps the median is taken of, gapsNeeded how many
	// must be known before it replaces the default.
	gapsKept, gapsNeeded = 5, 3
)

// maxLife is how long a play may last, ms of event time: what follows later is
// taken for another play of the same name. Times within a play need no more
// than 32 bits with it.
const maxLife = 20 * 24 * 3_600_000

// maxStartup is the longest startup that is believed of a client, ms.
const maxStartup = 3_600_000
