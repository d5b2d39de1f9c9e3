package warehousetest

import (
	"context"
	"slices"
	"sync"

	"playhead/internal/rollup"
	"playhead/internal/warehouse"
)

var _ warehouse.Warehouse = (*Memory)(nil)

// Memory is the reference driver: it keeps the generations as they come. It
// serves tests; what it holds is gone with it.
type Memory struct {
	mu          sync.Mutex
	generations []*rollup.Generation
	offsets     []warehouse.Offset
	// Fail, when set, is asked before each Apply and fails it.
	Fail func() error
	// Days are how the sample's days are cut.
	Days rollup.Days
}

// Offsets are the ends of what was applied.
func (m *Memory) Offsets(context.Context) ([]warehouse.Offset, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.offsets), nil
}

// Apply keeps the generations.
func (m *Memory) Apply(_ context.Context, generations []*rollup.Generation) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.Fail != nil {
		if err := m.Fail(); err != nil {
			return err
		}
	}
	pending, reached, err := warehouse.Pending(m.offsets, generations)
	if err != nil {
		return err
	}
	m.generations = append(m.generations, pending...)
	m.offsets = reached
	return nil
}

func (m *Memory) snapshot() ([]*rollup.Generation, []warehouse.Offset) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.generations), slices.Clone(m.offsets)
}

// Scan sums the generations.
func (m *Memory) Scan(_ context.Context, s rollup.Scan) (warehouse.Snapshot, error) {
	generations, offsets := m.snapshot()
	acc := rollup.NewAccumulator(s)
	for _, g := range generations {
		if err := g.AddTo(acc); err != nil {
			return warehouse.Snapshot{}, err
		}
	}
	r := acc.Result()
	r.Engine = "reference"
	return warehouse.Snapshot{Result: r, Offsets: offsets}, nil
}

// Sample sums the generations' plays: all viewers are in it.
func (m *Memory) Sample(_ context.Context, s rollup.SampleScan) (*rollup.Sample, []warehouse.Offset, error) {
	generations, offsets := m.snapshot()
	sample := rollup.NewSample(s, m.Days)
	for _, g := range generations {
		sample.AddGeneration(g)
	}
	return sample, offsets, nil
}

// Retention sums the generations' curves.
func (m *Memory) Retention(_ context.Context, s rollup.CurveScan) (*rollup.CurveSet, []warehouse.Offset, error) {
	generations, offsets := m.snapshot()
	set := rollup.NewCurveSet(s)
	for _, g := range generations {
		set.AddGeneration(g)
	}
	return set, offsets, nil
}

// Values are those of the generations.
func (m *Memory) Values(_ context.Context, d rollup.Dimension) ([]string, error) {
	generations, _ := m.snapshot()
	seen := map[string]bool{}
	var out []string
	for _, g := range generations {
		g.Values(d, 0, func(v string) {
			if !seen[v] {
				seen[v] = true
				out = append(out, v)
			}
		})
	}
	return out, nil
}

// Maintain has nothing to do.
func (m *Memory) Maintain(context.Context, int64) error { return nil }

// Stats counts generations.
func (m *Memory) Stats(context.Context) (warehouse.Stats, error) {
	generations, _ := m.snapshot()
	return warehouse.Stats{Rows: map[string]int64{"generations": int64(len(generations))}}, nil
}

// Close does nothing: the tests open the same one again.
func (m *Memory) Close() error { return nil }
