package wire

import "playhead/internal/event"

// CodeMalformed: the text of an event is not what its format allows. The other
// codes are package event's.
const CodeMalformed event.Code = "malformed"

// Item is one decoded event before it is normalised and pseudonymised. All its
// strings point into buffers of the decoder and are good until it goes on.
type Item struct {
	// Index is the event's place in the request, from 0.
	Index int
	// Event has every field that needs no key: no Viewer, no Refs.
	Event event.Event
	// HasTime tells whether the client said when it happened.
	HasTime bool
	// SentAt is when the client sent it by its own clock, epoch ms, or 0.
	SentAt int64

	// Raw ids, "" when absent.
	ID, Viewer, Anonymous, Session, Play, Impression, Search string

	// Number orders the reports of one player within a millisecond and counts
	// from 1; 0 when there is none. It does not identify them.
	Number int64
	// Agent and Address are the viewer's user agent and IP address where a
	// server sends for the viewer, "" when they are the request's.
	Agent, Address string
	// MediaURL is a URL, or its host, that media was fetched from, "" when the
	// format tells none. It names the CDN and is dropped.
	MediaURL string
	// Raw is the event as it was written.
	Raw []byte
	// UTF8 is true when all texts are known to be UTF-8, Trimmed when those of
	// Event have no spaces around them.
	UTF8, Trimmed bool
	// Escaped is true when Raw holds JSON escapes, so that a text in it may be
	// spelt otherwise than it reads.
	Escaped bool
	// Unknown counts the fields that the format does not have.
	Unknown int
	// Repairs are the small mends made so far.
	Repairs Repair

	// Bad says why the item cannot be an event; Code "" means it can.
	Bad event.Invalid
	// Ignored names a report that is fine and no event of a play; "" otherwise.
	Ignored string
}

// Reset makes it an item without fields.
func (it *Item) Reset() {
	*it = Item{}
	it.Event.Empty()
}

// Reject keeps the first thing that is wrong.
func (it *Item) Reject(field string, code event.Code, reason string) {
	if it.Bad.Code == "" {
		it.Bad = event.Invalid{Field: field, Code: code, Reason: reason}
	}
}

// Repair is a set of mends.
type Repair uint32

// The closed set of repairs, in the order in which they are made.
const (
	RepairNegative     Repair = 1 << iota // a position slightly below 0 became 0
	RepairUnknownField                    // fields that the format does not have were left out
	RepairCountry                         // no ISO 3166 country: left empty
	RepairDevice                          // a device type's other spelling
	RepairSkew                            // the client's clock was corrected by sent_at
	RepairFuture                          // a time in the future became the time of receipt
	RepairRawID                           // a raw id in free text became its pseudonym
	RepairNoTime                          // a report without a time got the time of receipt
	RepairTrimmed                         // spaces around a text went, or an enumeration became lower case
	RepairCDN                             // a CDN given as a host became its name
	RepairErrorClass                      // a class of errors that is none became technical
)

var repairNames = []string{"negative_position", "unknown_field", "country", "device_type", "clock_skew", "future_time", "raw_id", "no_time",
	"trimmed", "cdn_host", "error_class"}

// RepairNames are the names of all repairs, by bit.
func RepairNames() []string { return repairNames }

// Names are the names of the repairs in r.
func (r Repair) Names() []string {
	var out []string
	for i, name := range repairNames {
		if r&(1<<i) != 0 {
			out = append(out, name)
		}
	}
	return out
}
