package collect

import (
	"encoding/json"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
)

const (
	// tailKept is how many entries of each sort (rejected, others) are kept.
	tailKept = 500
	// tailBuffer is how far a subscriber may fall behind.
	tailBuffer = 256
	// A key's accepted events are sampled: this many a second while somebody
	// looks, and otherwise.
	tailWatched, tailQuiet = 200, 20
	// tailAsked bounds the entries a second that are made because a subscriber's
	// filter asks for them, beside the samples.
	tailAsked = 500
	// tailRejected bounds a key's rejections that are shown in a second: masking
	// them takes time, and no more are kept anyway.
	tailRejected = tailKept
	// tailKeys bounds the keys whose samples are counted.
	tailKeys = 4096
)

// Entry is what the event debugger shows of one event.
type Entry struct {
	// Number counts entries up, without gaps.
	Number uint64 `json:"number"`
	// Time of receipt, epoch ms.
	Time     int64  `json:"time"`
	Key      string `json:"key"`
	Format   string `json:"format"`
	Type     string `json:"type,omitempty"`
	Title    string `json:"title,omitempty"`
	Accepted bool   `json:"accepted"`
	// Result is accepted, duplicate, ignored, excluded or rejected.
	Result  string   `json:"result"`
	Field   string   `json:"field,omitempty"`
	Code    string   `json:"code,omitempty"`
	Reason  string   `json:"reason,omitempty"`
	Repairs []string `json:"repairs,omitempty"`
	// Origin is where what did not come by HTTP can be looked up.
	Origin string `json:"origin,omitempty"`
	// Raw is what was sent, at most 2 KB, with ids of viewers masked.
	Raw string `json:"raw,omitempty"`
	// Became is the canonical event, with pseudonyms.
	Became json.RawMessage `json:"became,omitempty"`
}

// Filter chooses entries; its zero value is all of them.
type Filter struct {
	// Result, Key, Format, Type and Title are what an entry's must be, unless "".
	Result, Key, Format, Type, Title string
	// Reason is a code, the name of a rule, of a repair or of what is ignored, unless "".
	Reason string
	// Accepted is "true" or "false", unless "".
	Accepted string
}

// Fits reports whether the filter chooses e.
func (f *Filter) Fits(e *Entry) bool {
	is := func(want, got string) bool { return want == "" || want == got }
	if f.Reason != "" && f.Reason != e.Code && f.Reason != e.Reason && !slices.Contains(e.Repairs, f.Reason) {
		return false
	}
	return is(f.Accepted, strconv.FormatBool(e.Accepted)) && is(f.Result, e.Result) && is(f.Key, e.Key) && is(f.Format, e.Format) && is(f.Type, e.Type) && is(f.Title, e.Title)
}

// Tail is the recent past of the intake, in memory: all rejections, and samples
// of the rest. When nobody looks it costs next to nothing.
type Tail struct {
	watchers atomic.Int32
	// filters are the subscribers' that choose single events.
	filters atomic.Pointer[[]Filter]
	lost    atomic.Uint64

	mu       sync.Mutex
	number   uint64
	rejected ring
	others   ring
	subs     map[*subscriber]struct{}
	asked    int // of this second
	second   int64
	used     map[uint32]int // samples of this second, by key
	refused  map[uint32]int // rejections shown in this second, by key
}

type subscriber struct {
	filter Filter
	ch     chan Entry
}

// NewTail makes an empty tail.
func NewTail() *Tail {
	return &Tail{subs: map[*subscriber]struct{}{}, used: map[uint32]int{}, refused: map[uint32]int{}}
}

// Subscribe gives the entries from now on that fit the filter. A reader that
// falls behind loses the oldest. cancel ends it and closes the channel; it may
// be called twice.
func (t *Tail) Subscribe(filter Filter) (entries <-chan Entry, cancel func()) {
	s := &subscriber{filter: filter, ch: make(chan Entry, tailBuffer)}
	t.mu.Lock()
	t.subs[s] = struct{}{}
	t.setFilters()
	t.mu.Unlock()
	t.watchers.Add(1)
	return s.ch, sync.OnceFunc(func() {
		t.watchers.Add(-1)
		t.mu.Lock()
		defer t.mu.Unlock()
		delete(t.subs, s)
		t.setFilters()
		close(s.ch)
	})
}

// setFilters publishes the filters that choose single events, under the lock.
func (t *Tail) setFilters() {
	var narrow []Filter
	for s := range t.subs {
		if f := s.filter; f.Type != "" || f.Title != "" || f.Reason != "" || f.Result != "" && f.Result != "accepted" {
			narrow = append(narrow, f)
		}
	}
	if len(narrow) == 0 {
		t.filters.Store(nil)
		return
	}
	t.filters.Store(&narrow)
}

// asksFor reports whether a subscriber looks for just such an entry, so that it
// is shown although it is no sample.
func (t *Tail) asksFor(e *Entry) bool {
	filters := t.filters.Load()
	if filters == nil || !slices.ContainsFunc(*filters, func(f Filter) bool { return f.Fits(e) }) {
		return false
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.asked++
	return t.asked <= tailAsked
}

// Recent is up to n of the last entries, oldest first.
func (t *Tail) Recent(n int) []Entry {
	t.mu.Lock()
	defer t.mu.Unlock()
	a, b := t.rejected.all(), t.others.all()
	out := make([]Entry, 0, len(a)+len(b))
	for len(a) > 0 || len(b) > 0 {
		if len(b) == 0 || len(a) > 0 && a[0].Number < b[0].Number {
			out, a = append(out, a[0]), a[1:]
		} else {
			out, b = append(out, b[0]), b[1:]
		}
	}
	return out[max(0, len(out)-n):]
}

// Lost counts entries that slow subscribers did not get.
func (t *Tail) Lost() uint64 { return t.lost.Load() }

// reserve is how many samples of accepted events a request of the key may show.
func (t *Tail) reserve(key uint32, now int64) int {
	limit, share := tailQuiet, 1
	if t.watchers.Load() > 0 {
		limit, share = tailWatched, 20
	}
	// Samples are not worth waiting for: every request comes by here.
	if !t.mu.TryLock() {
		return 0
	}
	defer t.mu.Unlock()
	t.turn(now)
	n := min(share, limit-t.used[key])
	if n <= 0 {
		return 0
	}
	t.used[key] += n
	return n
}

// turn begins a new second, under the lock.
func (t *Tail) turn(now int64) {
	if second := now / 1000; second != t.second || len(t.used) > tailKeys || len(t.refused) > tailKeys {
		t.second, t.asked = second, 0
		clear(t.used)
		clear(t.refused)
	}
}

// showsRejection reports whether one more rejection of the key is shown.
func (t *Tail) showsRejection(key uint32, now int64) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.turn(now)
	t.refused[key]++
	return t.refused[key] <= tailRejected
}

// publish adds entries and gives them to who subscribed.
func (t *Tail) publish(entries []Entry) {
	if len(entries) == 0 {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, e := range entries {
		t.number++
		e.Number = t.number
		if e.Result == "rejected" {
			t.rejected.add(e)
		} else {
			t.others.add(e)
		}
		for s := range t.subs {
			if s.filter.Fits(&e) {
				t.send(s, e)
			}
		}
	}
}

// send never waits: only the publisher, who holds the lock, puts entries in.
func (t *Tail) send(s *subscriber, e Entry) {
	for {
		select {
		case s.ch <- e:
			return
		default:
		}
		select {
		case <-s.ch:
			t.lost.Add(1)
		default:
		}
	}
}

// ring keeps the last entries.
type ring struct {
	entries []Entry
	next    int
}

func (r *ring) add(e Entry) {
	if len(r.entries) < tailKept {
		r.entries = append(r.entries, e)
		return
	}
	r.entries[r.next] = e
	r.next = (r.next + 1) % tailKept
}

func (r *ring) all() []Entry {
	return append(append([]Entry(nil), r.entries[r.next:]...), r.entries[:r.next]...)
}
