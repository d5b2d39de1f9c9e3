package cmcd

import "strings"

// Custom keys that a player can be told to send.
const (
	// KeyViewer names the viewer.
	KeyViewer = "com.playhead-viewer"
	// KeyPosition is the playhead, ms: no player sends pt by itself.
	KeyPosition = "com.playhead-pt"
	// KeyDuration is the length of what is played, ms.
	KeyDuration = "com.playhead-duration"
	// KeyCode says why, in a custom event EventError.
	KeyCode = "com.playhead-code"
)

// Custom events (e=ce, by cen) for what a player does not report by itself.
const (
	// EventError: nothing plays after it.
	EventError = "playhead-error"
	// EventEnd: the viewer has left.
	EventEnd = "playhead-end"
)

// knownKey tells the keys of CTA-5004-A that say nothing about a play, so that
// what no version of it has can be counted. Custom keys are the sender's own:
// they have a hyphen.
func knownKey(key string) bool {
	switch key {
	case "ab", "bg", "bl", "bs", "bsa", "bsd", "bsda", "cdn", "cmsdd", "cmsds", "cs", "d", "dfa", "dl",
		"h", "lab", "lb", "ltc", "mtp", "nor", "nr", "nrr", "ot", "pb", "rc", "rtp", "sf", "smrt", "su",
		"tab", "tb", "tbl", "tpb", "ttfb", "ttfbb", "ttlb", "url", "v":
		return true
	}
	return strings.IndexByte(key, '-') > 0
}
