package play

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"playhead/internal/event"
	"playhead/internal/fact"
)

// What version 1 stored goes on as if version 1 had read it: each line is a
// viewer's state and the rows, media, watched and stall time (ms) that follow
// from closing it.
func TestReadsVersion1(t *testing.T) {
	text, err := os.ReadFile("testdata/state.v1.txt")
	must(t, err)
	for n, line := range strings.Split(strings.TrimSpace(string(text)), "\n") {
		code, want, _ := strings.Cut(line, " ")
		state, err := hex.DecodeString(code)
		must(t, err)
		g := New(DefaultConfig(), nil)
		must(t, g.Restore(event.ViewerKey{1}, state))
		again := g.appendViewer(nil, viewerOne(g))
		g.Ready()
		var b fact.Batch
		g.Begin()
		g.Settle(1, event.Everybody, &b)
		var media, watched, stall int64
		for _, p := range b.Plays {
			media, watched, stall = media+p.MediaMS, watched+p.WatchedMS, stall+p.StallMS
		}
		if got := fmt.Sprint(len(b.Plays), media, watched, stall); got != want {
			t.Errorf("line %d: closing it gives %s, version 1 gave %s", n+1, got, want)
		}
		for cut := range state {
			if err := New(DefaultConfig(), nil).Restore(event.ViewerKey{1}, state[:cut]); !errors.Is(err, ErrState) {
				t.Fatalf("line %d cut at %d: %v", n+1, cut, err)
			}
		}
		second := New(DefaultConfig(), nil)
		must(t, second.Restore(event.ViewerKey{1}, again))
		if !bytes.Equal(second.appendViewer(nil, viewerOne(second)), again) {
			t.Errorf("line %d: what becomes of it does not survive being stored", n+1)
		}
	}
}
