package audience

import (
	"bytes"
	"context"
	"fmt"
	"strconv"
	"sync/atomic"
	"time"
)

// loopEvents is how many events a Loop keeps in memory, some 400 bytes each. More
// than those are the same ones again: another day, with other plays.
const loopEvents = 2_000_000

// Loop is any number of requests from some that are kept: when they are used up, the
// same happens again, later, in new sessions and plays, to other viewers or, where
// Options.Return, to the same. What is sent is still prepared: to renew an event costs
// a tenth of a microsecond.
type Loop struct {
	bodies []Body
	sites  [][]site
	cycles int64
	span   int64 // of the kept ones, ms: so much later is the next cycle
	next   atomic.Int64
}

// site is a place in a body that another cycle writes anew.
type site struct {
	at   int
	kind byte
	ms   int64 // of times
}

const (
	siteID     = byte(iota) // the first 4 letters of a UUID, or of another text of at least as many
	siteMillis              // 13 digits
	siteText                // 24 letters of a time
)

// timeText is how the audience writes times as text.
const timeText = "2006-01-02T15:04:05.000Z"

// NewLoop prepares requests with o's audience for at least o.Events events, the last
// of which have just happened.
func NewLoop(ctx context.Context, o Options) (*Loop, error) {
	total := o.Events
	o.Events = min(total, loopEvents)
	return NewCycles(ctx, o, (total+o.Events-1)/o.Events)
}

// NewCycles is a Loop of o's requests, so many times over.
func NewCycles(ctx context.Context, o Options, cycles int64) (*Loop, error) {
	bodies, err := Prepare(ctx, o)
	if err != nil {
		return nil, err
	}
	return loopOf(bodies, cycles, o.Return)
}

func loopOf(bodies []Body, cycles int64, same bool) (*Loop, error) {
	l := &Loop{bodies: bodies, cycles: cycles}
	if cycles == 1 {
		return l, nil
	}
	sites, first, last, err := find(bodies, same)
	l.sites, l.span = sites, last-first+10*60_000
	return l, err
}

// find looks for what has to be written anew in bodies that are sent again, and for
// their first and last time. The same viewers come again, or others do.
func find(bodies []Body, same bool) (sites [][]site, first, last int64, err error) {
	ids := []string{`"session_id":"`, `"play_id":"`, `"id":"`, `"impression_id":"`, `"search_id":"`}
	if !same {
		ids = append(ids, `"viewer_id":"`, `"anonymous_id":"`)
	}
	first = int64(1) << 62
	sites = make([][]site, len(bodies))
	for i := range bodies {
		data := bodies[i].Data
		for _, key := range ids {
			each(data, key, func(at int) { sites[i] = append(sites[i], site{at: at, kind: siteID}) })
		}
		var bad error
		each(data, `"time":`, func(at int) {
			s := site{at: at, kind: siteMillis}
			var err error
			if data[at] == '"' {
				var t time.Time
				t, err = time.Parse(timeText, string(data[at+1:at+1+len(timeText)]))
				s = site{at + 1, siteText, t.UnixMilli()}
			} else {
				s.ms, err = strconv.ParseInt(string(data[at:at+13]), 10, 64)
			}
			if err != nil {
				bad = fmt.Errorf("a time of the audience: %w", err)
			}
			first, last = min(first, s.ms), max(last, s.ms)
			sites[i] = append(sites[i], s)
		})
		if bad != nil {
			return nil, 0, 0, bad
		}
	}
	return sites, first, last, nil
}

// each calls fn with where a key's value begins.
func each(data []byte, key string, fn func(at int)) {
	for at := 0; ; {
		i := bytes.Index(data[at:], []byte(key))
		if i < 0 {
			return
		}
		at += i + len(key)
		fn(at)
	}
}

// Next is the number of the next request that nobody has taken.
func (l *Loop) Next() int64 { return l.next.Add(1) - 1 }

// Rewind begins again, for another server.
func (l *Loop) Rewind() { l.next.Store(0) }

// Body is request number n; false when there are no more. dst is memory that it may
// use; it is good until dst is used again.
func (l *Loop) Body(dst []byte, n int64) (b Body, buf []byte, ok bool) {
	i, cycle := n%int64(len(l.bodies)), n/int64(len(l.bodies))
	if cycle >= l.cycles {
		return Body{}, dst, false
	}
	b = l.bodies[i]
	if l.cycles == 1 {
		return b, dst, true
	}
	dst = renew(dst, b.Data, l.sites[i], cycle, (cycle+1-l.cycles)*l.span)
	return Body{dst, b.Events}, dst, true
}

// renew writes a body anew for another time that it is sent, whose number its ids bear
// (to 65,535), with times that are later by ms.
func renew(dst, data []byte, sites []site, number, shift int64) []byte {
	dst = append(dst[:0], data...)
	for _, s := range sites {
		switch s.kind {
		case siteID: // ids are as good as random: other ones are, too
			const digits = "0123456789abcdef"
			dst[s.at], dst[s.at+1], dst[s.at+2], dst[s.at+3] = digits[number>>12&15], digits[number>>8&15], digits[number>>4&15], digits[number&15]
		case siteMillis:
			for v, at := s.ms+shift, s.at+12; at >= s.at; at-- {
				dst[at] = byte('0' + v%10)
				v /= 10
			}
		case siteText:
			var text [40]byte // it writes beyond its end for a moment
			copy(dst[s.at:], time.UnixMilli(s.ms+shift).UTC().AppendFormat(text[:0], timeText))
		}
	}
	return dst
}

// BatchEvents is how many events a request has, but for the last one.
func (l *Loop) BatchEvents() int { return l.bodies[0].Events }

// Kept are the requests of the first cycle.
func (l *Loop) Kept() []Body { return l.bodies }
