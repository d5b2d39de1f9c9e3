package clickhouse

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"

	"playhead/internal/rollup"
	"playhead/internal/warehouse"
	"playhead/internal/warehouse/layout"
)

// stateVersion is that of the state's form and of the tables. A newer one is refused.
const stateVersion = 1

var (
	// ErrTimezone: the database's days were cut in another report time zone. It is
	// fixed when the installation is made.
	ErrTimezone = errors.New("the warehouse was made with another report time zone")
	// ErrNewer: the database was written by a later version.
	ErrNewer = errors.New("the warehouse was written by a later version of playhead")
	// ErrTakenOver: another process has opened the database since. Nothing was committed.
	ErrTakenOver = fmt.Errorf("%w: it has opened the same ClickHouse database since", warehouse.ErrInUse)
)

// state is everything about the warehouse but its rows. It is never changed once
// it is published: who changes something clones it.
type state struct {
	Version int    `json:"version"`
	Zone    string `json:"zone"`
	// Seq is the number of the commit; greater ones are later.
	Seq       int64   `json:"seq"`
	Offsets   []reach `json:"offsets"`
	Overcount int64   `json:"overcount"`
	// Runs are those that count, by table.
	Runs map[string][]run `json:"runs"`
	// Dead are runs that counted in an earlier state: a reader may still be at them.
	Dead []dead `json:"dead,omitempty"`
	// Floor is where the rows of a table begin to count, epoch ms: what is older is
	// not kept.
	Floor map[string]int64 `json:"floor,omitempty"`
	// Rolled is up to which time the cells of a table are summed from the finer one.
	Rolled map[string]int64 `json:"rolled,omitempty"`
	// Months is up to when curves are summed to months, nil for never.
	Months *int64 `json:"months,omitempty"`
	// Limits are up to which hash viewers are in the sample of a day.
	Limits map[int64]uint64 `json:"limits,omitempty"`
	// Filling is how far Fill is, nil where it was never called.
	Filling *filling `json:"filling,omitempty"`
}

// reach is warehouse.Offset as it is stored.
type reach struct {
	Partition int32 `json:"p"`
	End       int64 `json:"end"`
	FreshTo   int64 `json:"fresh"`
}

// run are the rows of a table that were written together.
type run struct {
	ID int64 `json:"id"`
	// Rows are how many each shard has.
	Rows []int64 `json:"rows"`
	// First and Last are the least and the greatest time of a row, epoch ms.
	First int64 `json:"first"`
	Last  int64 `json:"last"`
	// Tier is how often its rows were merged.
	Tier int `json:"tier"`
}

func (r *run) rows() (n int64) {
	for _, v := range r.Rows {
		n += v
	}
	return n
}

// dead is a run that no longer counts.
type dead struct {
	Table string `json:"table"`
	ID    int64  `json:"id"`
	Seq   int64  `json:"seq"` // of the last state in which it counted
	At    int64  `json:"at"`  // when it ceased to, epoch ms
}

func newState(zone string) *state {
	return &state{Version: stateVersion, Zone: zone, Runs: map[string][]run{}, Floor: map[string]int64{}, Rolled: map[string]int64{}, Limits: map[int64]uint64{}}
}

// clone is a copy that may be changed. The rows of a run are never changed.
func (s *state) clone() *state {
	own := *s
	own.Offsets, own.Dead = slices.Clone(s.Offsets), slices.Clone(s.Dead)
	own.Floor, own.Rolled, own.Limits = maps.Clone(s.Floor), maps.Clone(s.Rolled), maps.Clone(s.Limits)
	if s.Filling != nil {
		own.Filling = &filling{s.Filling.From, maps.Clone(s.Filling.Next), s.Filling.Done}
	}
	own.Runs = make(map[string][]run, len(s.Runs))
	for t, list := range s.Runs {
		own.Runs[t] = slices.Clone(list)
	}
	return &own
}

func (s *state) encode() (string, error) {
	data, err := json.Marshal(s)
	return string(data), err
}

func decodeState(text string) (*state, error) {
	s := newState("")
	var head struct{ Version int }
	if err := json.Unmarshal([]byte(text), &head); err != nil {
		return nil, fmt.Errorf("read a commit: %w", err)
	}
	if head.Version > stateVersion {
		return nil, fmt.Errorf("%w: its format is %d, this is for up to %d", ErrNewer, head.Version, stateVersion)
	}
	if err := json.Unmarshal([]byte(text), s); err != nil {
		return nil, fmt.Errorf("read a commit: %w", err)
	}
	return s, nil
}

func (s *state) offsets() []warehouse.Offset {
	list := make([]warehouse.Offset, 0, len(s.Offsets))
	for _, o := range s.Offsets {
		list = append(list, warehouse.Offset(o))
	}
	return list
}

func (s *state) setOffsets(list []warehouse.Offset) {
	s.Offsets = s.Offsets[:0:0]
	for _, o := range list {
		s.Offsets = append(s.Offsets, reach(o))
	}
	slices.SortFunc(s.Offsets, func(a, b reach) int { return int(a.Partition) - int(b.Partition) })
}

// retire takes runs of a table out of those that count; at is now, epoch ms.
func (s *state) retire(table string, at int64, which func(*run) bool) {
	s.Runs[table] = slices.DeleteFunc(s.Runs[table], func(r run) bool {
		if !which(&r) {
			return false
		}
		s.Dead = append(s.Dead, dead{table, r.ID, s.Seq, at})
		return true
	})
}

// floor is where the rows of a table begin to count.
func (s *state) floor(table string) int64 {
	if f, ok := s.Floor[table]; ok {
		return f
	}
	return math.MinInt64
}

// rolled is up to when the cells of sources are in coarser ones: the same for all faces.
func (s *state) rolled() layout.RolledUpTo {
	r := layout.RolledUpTo{}
	for _, source := range layout.CellSources() {
		for _, f := range source.Faces() {
			r[layout.RolledKey{Source: source, Face: f}] = s.Rolled[layout.TableOf(source)]
		}
	}
	return r
}

// first is where the rows of a table begin, epoch ms, 0 for none.
func (s *state) first(table string) int64 {
	first := int64(0)
	for _, r := range s.Runs[table] {
		if from := max(r.First, s.floor(table)); r.rows() > 0 && r.Last >= s.floor(table) && (first == 0 || from < first) {
			first = from
		}
	}
	return first
}

// firstOf is where the data of a source begins, epoch ms: in its own table or in a
// finer one.
func (s *state) firstOf(source rollup.Source, days rollup.Days) int64 {
	if source == rollup.SourcePlays {
		return s.first(layout.TableOf(source))
	}
	first := int64(0)
	for _, c := range layout.Chain(source) {
		ms := s.first(layout.TableOf(c))
		if ms == 0 {
			continue
		}
		if source != rollup.SourceCreativeAll { // all time begins with the first day
			ms, _ = days.Bucket(source, ms)
		}
		if first == 0 || ms < first {
			first = ms
		}
	}
	return first
}
