package support

import (
	"context"
	"encoding/hex"
	"fmt"
	"time"

	"playhead/internal/rollup"
	"playhead/internal/warehouse"
)

// Bounds of samples.
const (
	// MaxSample is how many plays a sample has at most, MaxSampleWindow how much
	// time it may cover.
	MaxSample       = 100
	MaxSampleWindow = 7 * 24 * time.Hour
)

// Worst is what a sample is ordered by.
type Worst string

// orders are the orders of a sample by their name.
func orders() map[Worst]warehouse.PlayOrder {
	return map[Worst]warehouse.PlayOrder{
		"latest": warehouse.Latest, "stalls": warehouse.MostStalled, "startup": warehouse.SlowestStart, "failures": warehouse.Failed,
		"exits": warehouse.LeftEarly, "bitrate": warehouse.LowestBitrate,
	}
}

// SampleAsk asks for the worst finished plays of a time.
type SampleAsk struct {
	From, To time.Time
	Where    []rollup.Filter
	Worst    Worst
	Limit    int
	// Named: who asks may look single viewers up.
	Named bool
}

// SamplePlay is a play of a sample.
type SamplePlay struct {
	Play
	Masked string `json:"masked" doc:"The first four digits of the viewer's pseudonym: enough to see that two plays are of one viewer, not of whom."`
	Viewer string `json:"viewer,omitempty" doc:"The pseudonym, to ask for the timeline by; only for the roles support and admin."`
}

// PlaySample are plays, the worst first.
type PlaySample struct {
	From       time.Time    `json:"from"`
	To         time.Time    `json:"to"`
	Plays      []SamplePlay `json:"plays"`
	More       bool         `json:"more" doc:"There are more plays than the limit."`
	Suppressed bool         `json:"suppressed" doc:"Fewer viewers than min_viewers played; plays are shown to the roles support and admin only."`
}

// Sample lists plays. Open ones are not in it. Errors: ErrAsk,
// rollup.ErrNotCovered, the sources'.
func (s *Service) Sample(ctx context.Context, ask SampleAsk) (*PlaySample, error) {
	from, to, err := window(s.Clock(), ask.From, ask.To, time.Hour, MaxSampleWindow)
	if err != nil {
		return nil, err
	}
	order, ok := orders()[ask.Worst]
	if !ok {
		return nil, fmt.Errorf("%w: worst %q is none of latest, stalls, startup, failures, exits and bitrate", ErrAsk, ask.Worst)
	}
	list, err := s.Plays.ListPlays(ctx, warehouse.PlayAsk{
		From: from.UnixMilli(), To: to.UnixMilli(), Where: ask.Where, Order: order, Limit: min(max(1, ask.Limit), MaxSample), AtLeast: s.MinViewers,
	})
	if err != nil {
		return nil, fmt.Errorf("list plays: %w", err)
	}
	out := &PlaySample{From: from, To: to, Plays: []SamplePlay{}, More: list.More}
	if !ask.Named && list.Viewers < s.MinViewers && len(list.Plays) > 0 {
		out.Suppressed, out.More = true, false
		return out, nil
	}
	for i := range list.Plays {
		r := &list.Plays[i]
		p := SamplePlay{Play: playOf(&r.Play, r.Dims, r.Slots)}
		viewer := hex.EncodeToString(r.Viewer[:])
		p.Masked = viewer[:4]
		if ask.Named {
			p.Viewer = viewer
		} else {
			p.Play.Play = ""
		}
		out.Plays = append(out.Plays, p)
	}
	return out, nil
}
