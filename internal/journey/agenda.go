package journey

import (
	"bytes"
	"maps"
	"slices"

	"playhead/internal/event"
	"playhead/internal/fact"
)

// bucketMS is how finely the agenda divides the log's time.
const bucketMS = 10_000

// bucketOf is the first bucket that is worked off when t has come.
func bucketOf(t int64) int64 { return t/bucketMS + 1 }

// enter puts the viewer into the agenda, if it must be looked at before the
// agenda does so anyway.
func (g *Engine) enter(v *viewer) {
	if v.due >= never {
		return // and if it is in the agenda, that does no harm
	}
	b := max(bucketOf(v.due), g.looked+1)
	if v.bucket > 0 && v.bucket <= b {
		return
	}
	v.bucket, v.agendaNew = b, true
	g.agenda[b] = append(g.agenda[b], v.key)
	g.mark(v)
}

// index lists the viewer under the keys whose settle concerns it.
func (g *Engine) index(v *viewer) {
	g.listUnder(v.keyID, v.key)
	if v.history != 0 {
		g.listUnder(v.history, v.key)
	}
}

func (g *Engine) listUnder(keyID uint32, v event.ViewerKey) {
	w := g.waitFor(keyID)
	w.viewers[v] = struct{}{}
	w.most = max(w.most, len(w.viewers))
}

// waitFor is who waits for a settle of the key.
func (g *Engine) waitFor(keyID uint32) *waiting {
	w := g.keys[keyID]
	if w == nil {
		w = &waiting{viewers: map[event.ViewerKey]struct{}{}}
		g.keys[keyID] = w
	}
	return w
}

// waiting is who waits for a settle of a key. A map does not shrink: most is how
// many there were since it was made. restored is who waits since before the start,
// which is not to be held up by finding a million their places.
type waiting struct {
	viewers  map[event.ViewerKey]struct{}
	most     int
	restored []event.ViewerKey
}

// gather puts everybody into the map, before it is looked at as a whole.
func (w *waiting) gather() {
	if len(w.restored) == 0 {
		return
	}
	all := make(map[event.ViewerKey]struct{}, len(w.viewers)+len(w.restored))
	maps.Copy(all, w.viewers)
	for _, v := range w.restored {
		all[v] = struct{}{}
	}
	w.viewers, w.restored = all, nil
	w.most = max(w.most, len(all))
}

// fewLeft reports whether a map that held most is worth making anew for n.
func fewLeft(n, most int) bool { return most > 1024 && n < most/4 }

func (w *waiting) drop(v event.ViewerKey) {
	delete(w.viewers, v)
	if fewLeft(len(w.viewers), w.most) {
		w.viewers = maps.Collect(maps.All(w.viewers))
		w.most = len(w.viewers)
	}
}

// workOff looks at every viewer whose time has come, in an order that depends
// on nothing but the state.
func (g *Engine) workOff(out *fact.Batch) error {
	end := g.now / bucketMS
	if g.looked == 0 || end-g.looked > int64(len(g.agenda)) {
		for _, b := range slices.Sorted(maps.Keys(g.agenda)) {
			if b > end {
				break
			}
			if err := g.workOffBucket(b, out); err != nil {
				return err
			}
		}
	} else {
		for b := g.looked + 1; b <= end; b++ {
			if err := g.workOffBucket(b, out); err != nil {
				return err
			}
		}
	}
	g.looked = max(g.looked, end)
	return nil
}

func (g *Engine) workOffBucket(b int64, out *fact.Batch) error {
	list := g.agenda[b]
	if list == nil {
		return nil
	}
	delete(g.agenda, b)
	sortKeys(list)
	g.looked = max(g.looked, b)
	for _, key := range slices.Compact(list) {
		v, err := g.viewer(key)
		if err != nil {
			return err
		}
		if v.bucket != b {
			continue // it was entered anew
		}
		v.bucket, v.agendaNew = 0, true
		g.mark(v)
		if v.due <= g.now {
			if err := g.advance(v, out); err != nil {
				return err
			}
			v.replan = true
		}
		g.plan(v)
		if len(v.sessions) == 0 && v.history == 0 {
			g.unlist(v)
		}
	}
	return nil
}

// unlist: no settle concerns the viewer any more.
func (g *Engine) unlist(v *viewer) {
	if w := g.keys[v.keyID]; w != nil {
		w.gather()
		w.drop(v.key)
		if len(w.viewers) == 0 {
			delete(g.keys, v.keyID)
		}
	}
	v.keyID, v.agendaNew = 0, true // so that it is listed again when it is heard of
	g.mark(v)
}

// Settle says what the key left to wait of the viewers within the reach, as
// silence would: sessions and searches. What an import brought of them counts by
// its own times from then on.
func (g *Engine) Settle(keyID uint32, reach event.Reach, out *fact.Batch) error {
	w := g.keys[keyID]
	if w == nil {
		return nil
	}
	w.gather()
	var list []event.ViewerKey
	for key := range w.viewers {
		if reach.Holds(key) {
			list = append(list, key)
		}
	}
	sortKeys(list)
	for _, key := range list {
		v, err := g.viewer(key)
		if err != nil {
			return err
		}
		if v.keyID != keyID && v.history != keyID {
			continue
		}
		if err := g.settle(v, keyID, out); err != nil {
			return err
		}
	}
	for _, key := range list {
		w.drop(key)
	}
	if len(w.viewers) == 0 {
		delete(g.keys, keyID)
	}
	return nil
}

func (g *Engine) settle(v *viewer, keyID uint32, out *fact.Batch) error {
	g.mark(v)
	if v.keyID == keyID {
		g.closeSessions(v, true, out)
	}
	if v.more != nil || v.stored {
		m, err := g.more(v)
		if err != nil {
			return err
		}
		g.saySearches(v, m, v.keyID == keyID, out)
		if v.history == keyID {
			for i := range m.impressions {
				if p := &m.impressions[i]; p.history {
					p.history, p.received = false, p.time
				}
			}
			for _, p := range m.plays {
				p.history = false
			}
			for i := range m.selects {
				m.selects[i].history = false
			}
			for i := range m.hits {
				m.hits[i].history = false
			}
		}
		g.mature(v, m, out)
		g.tidy(v, m)
	}
	if v.history == keyID {
		for i := range v.sessions {
			v.sessions[i].history = false
		}
		v.history, v.agendaNew = 0, true
	}
	if v.keyID == keyID {
		v.keyID, v.agendaNew = 0, true
	}
	g.plan(v)
	return nil
}

func sortKeys(list []event.ViewerKey) {
	slices.SortFunc(list, func(a, b event.ViewerKey) int { return bytes.Compare(a[:], b[:]) })
}
