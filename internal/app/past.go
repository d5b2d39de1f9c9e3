package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"time"

	"github.com/cespare/xxhash/v2"

	"playhead/internal/api"
	"playhead/internal/event"
	"playhead/internal/simulate"
)

// past is what the demo remembers of its history between runs.
type past struct {
	path string
	// Plan is how the history is planned and made; another one does not go on
	// with it.
	Plan    int       `json:"plan"`
	Seed    uint64    `json:"seed"`
	Viewers int       `json:"viewers"`
	Days    int       `json:"days"`
	End     time.Time `json:"end"`
	Done    []string  `json:"done"`
	// Seen is when the live audience was last running.
	Seen time.Time `json:"seen"`
}

// pastPlan is the present Plan.
const pastPlan = 2

// pastFile marks a folder as a demo's. pastAge is how old a demo may be before
// it begins anew: its history would no longer reach the present.
const (
	pastFile = "demo.json"
	pastAge  = 12 * time.Hour
)

// openPast reads what an earlier run left, or begins anew.
func openPast(o DemoOptions) (*past, error) {
	fresh := &past{
		path: filepath.Join(o.DataDir, pastFile), Plan: pastPlan, Seed: o.Seed, Viewers: o.Viewers, Days: o.HistoryDays,
		End: time.Now().UTC().Truncate(time.Minute),
	}
	data, err := os.ReadFile(fresh.path)
	if errors.Is(err, os.ErrNotExist) {
		return fresh, fresh.refuseForeign(o.DataDir)
	}
	if err != nil {
		return nil, fmt.Errorf("read the demo's folder: %w", err)
	}
	kept := &past{path: fresh.path}
	if err := json.Unmarshal(data, kept); err != nil {
		return nil, fmt.Errorf("%s is damaged: %w; remove the folder %s to begin anew", fresh.path, err, o.DataDir)
	}
	if kept.Plan == pastPlan && kept.Seed == o.Seed && kept.Viewers == o.Viewers && kept.Days == o.HistoryDays && time.Since(kept.End) < pastAge {
		return kept, nil
	}
	fmt.Fprintf(o.Out, "  The demo in %s is of %s, for other options or too old to go on: beginning anew.\n", o.DataDir, kept.End.Format(time.DateTime))
	for _, part := range []string{logFolder(o.DataDir), warehouseFolder(o.DataDir), LakeFolder(o.DataDir), fresh.path} {
		if err := os.RemoveAll(part); err != nil {
			return nil, fmt.Errorf("begin the demo anew: %w", err)
		}
	}
	return fresh, fresh.save()
}

// refuseForeign keeps the demo out of a real installation's folder.
func (p *past) refuseForeign(dir string) error {
	if _, err := os.Stat(logFolder(dir)); err == nil {
		return fmt.Errorf("%s holds a real installation; the demo wants a folder of its own: choose another with --data-dir", dir)
	}
	if err := prepareFolder(dir); err != nil {
		return err
	}
	return p.save()
}

func (p *past) save() error {
	data, err := json.MarshalIndent(p, "", "  ")
	if err != nil {
		return fmt.Errorf("remember the demo's history: %w", err)
	}
	next := p.path + ".new"
	if err := os.WriteFile(next, data, 0o600); err != nil {
		return fmt.Errorf("remember the demo's history: %w", err)
	}
	return os.Rename(next, p.path)
}

// pastFiller imports the demo's history, newest first.
type pastFiller struct {
	past    *past
	history *simulate.History
	imports importer

	mu   sync.Mutex
	done map[string]bool
}

// pastShare of the time may go into making history while people look at the
// present: what comes of it takes several times as much. It begins pastDelay after
// the audience, whose first seconds have much to do.
const (
	pastShare = 0.07
	pastDelay = 15 * time.Second
)

// The demo's service has grown, most of all at its launch today: its past ends with
// pastPeak of the live audience, which falls by a factor e every pastTaper going
// back, down to pastLevel. At full level 35 days would be a billion events; these
// are 14 million of 20,000 viewers, which two processors take in beside the live
// ones in half an hour.
const (
	pastPeak  = 0.25
	pastTaper = 12 * time.Hour
	pastLevel = 0.01
)

func newPastFiller(s *server, o DemoOptions, p *past) (*pastFiller, error) {
	h, err := simulate.NewHistory(simulate.HistoryOptions{
		Seed: p.Seed, Catalog: s.catalog, Viewers: int64(max(1, p.Viewers)), End: p.End, Days: max(1, o.HistoryDays),
		Peak: pastPeak, Taper: pastTaper, Level: pastLevel,
		Viewer: func(n uint32) event.ViewerKey { return s.ring.Viewer("viewer-" + strconv.Itoa(int(n))) },
	})
	if err != nil {
		return nil, fmt.Errorf("plan the demo's history: %w", err)
	}
	f := &pastFiller{
		past: p, history: h, done: map[string]bool{},
		imports: importer{log: s.events, form: s.forms.events, busy: s.behind, share: pastShare},
	}
	for _, name := range p.Done {
		f.done[name] = true
	}
	return f, nil
}

// behind reports whether history has to wait: when figures are older than they
// would be without it (a tick comes every half second, so they often are about as old), or when so much waits
// for the warehouse as it takes at once: while it does, the present needs the disk.
func (s *server) behind() bool {
	const most = 450 // ms
	ahead := int64(s.settings.LoadMemory) << 20 / 3
	return s.now()-s.store.FreshTo() > most || s.runner.Stats().LagRecords > 2*importBatch ||
		s.loader.Stats(context.Background()).SealedBytes > ahead
}

// run imports the chunks that are not in yet. A chunk that a stop cut short is
// imported again, and what of it was in is left out.
func (f *pastFiller) run(ctx context.Context) error {
	if f.past.Days == 0 {
		return nil
	}
	for _, c := range f.history.Chunks() {
		if f.isDone(c.Name) {
			continue
		}
		err := f.imports.load(ctx, importID(c.Name), func(fn func([]event.Event) error) error {
			return f.history.Generate(ctx, c, fn)
		})
		if err != nil {
			return err
		}
		f.mu.Lock()
		f.done[c.Name] = true
		f.past.Done = append(f.past.Done, c.Name)
		err = f.past.save()
		f.mu.Unlock()
		if err != nil {
			return err
		}
	}
	return nil
}

// watch notes, every few seconds, that the live audience runs.
func (f *pastFiller) watch(ctx context.Context) error {
	t := time.NewTicker(5 * time.Second)
	defer t.Stop()
	for {
		f.mu.Lock()
		f.past.Seen = time.Now().UTC()
		err := f.past.save()
		f.mu.Unlock()
		if err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return nil
		case <-t.C:
		}
	}
}

func (f *pastFiller) isDone(name string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.done[name]
}

func (f *pastFiller) progress() *api.History {
	f.mu.Lock()
	defer f.mu.Unlock()
	total := len(f.history.Chunks())
	if f.past.Days == 0 {
		total = 0
	}
	return &api.History{Done: len(f.done), Total: total}
}

// importID is the key id of an import; the upper half of the numbers is
// theirs.
func importID(name string) uint32 { return 1<<31 | uint32(xxhash.Sum64String(name)) }
