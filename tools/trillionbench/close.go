package main

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"playhead/tools/figures"
)

// closeDay leaves a server alone with what was built until it has found and stored
// what it finds of a day as it closes. It measures what the question that this answers
// costs when it is worked out anew, if a server answers that in time.
func closeDay(ctx context.Context, o options, m *model, r *figures.Report) error {
	if o.question != "" && !slices.Contains(strings.Split(o.question, ","), storedQuestion) {
		return nil
	}
	all := questions(m)
	q := all[slices.IndexFunc(all, func(q question) bool { return q.name == storedQuestion })]
	s, err := o.start(ctx)
	if err != nil {
		return err
	}
	defer s.stop()
	anew := q
	anew.name += ".anew"
	if _, took, err := s.ask(ctx, &anew); err == nil {
		r.Add("trillion."+anew.name+"_ms", ms(took), "ms")
		say("%s: worked out anew in %s", q.name, took.Round(time.Millisecond))
	} else {
		say("%s: not worked out anew: %v", q.name, err)
	}
	for deadline := time.Now().Add(time.Hour); ; {
		var a struct {
			Meta struct {
				FoundAt string `json:"found_at"`
			}
		}
		data, _, err := s.ask(ctx, &q)
		if err == nil {
			err = json.Unmarshal(data, &a)
		}
		if err == nil && a.Meta.FoundAt != "" {
			say("%s: found at %s", q.name, a.Meta.FoundAt)
			return s.stop()
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("nothing was found of the last day within an hour: %v\n%s", err, &s.log)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(5 * time.Second):
		}
	}
}
