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

// What an older version stored goes on as if that version had read it: each line
// is a viewer's state and the rows, media, watched and stall time (ms) that follow
// from closing it.
func TestReadsOlderVersions(t *testing.T) {
	for version := 1; version < stateVersion; version++ {
		t.Run(fmt.Sprint(version), func(t *testing.T) { readsVersion(t, version) })
	}
}

func readsVersion(t *testing.T, version int) {
	text, err := os.ReadFile(fmt.Sprintf("testdata/state.v%d.txt", version))
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
			t.Errorf("line %d: closing it gives %s, version %d gave %s", n+1, got, version, want)
		}
		for cut := range state {
			if err := New(DefaultConfig(), nil).Restore(event.ViewerKey{1}, state[:cut]); !errors.Is(err, ErrState) {
				t.Fatalf("line %d cut at %d: %v", n+1, cut, err)
			}
		}
		second := New(DefaultConfig(), nil)
		must(t, second.Restore(event.ViewerKey{1}, again))
		second.Ready()
		if !bytes.Equal(second.appendViewer(nil, viewerOne(second)), again) {
			t.Errorf("line %d: what becomes of it does not survive being stored", n+1)
		}
	}
}
