package duck_test

import (
	"bytes"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"playhead/internal/rollup"
	"playhead/internal/warehouse/duck"
	"playhead/internal/warehouse/warehousetest"
)

// A byte of the file is another: whoever meets it is told which file it is in.
func TestDamageNamesTheFile(t *testing.T) {
	dir := t.TempDir()
	db, err := duck.Open(t.Context(), dir, duck.Options{})
	if err != nil {
		t.Fatal(err)
	}
	from := time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC).UnixMilli()
	g := rollup.NewGeneration(rollup.Options{})
	err = g.Apply(0, warehousetest.NewWorld(3, from, from+rollup.HourMS).Batch(0, 300))
	g.Seal()
	if err = errors.Join(err, db.Apply(t.Context(), []*rollup.Generation{g}), db.Close()); err != nil {
		t.Fatal(err)
	}
	const block = 64 << 10 // and three headers of 4 KiB before the first
	path := filepath.Join(dir, "warehouse.duckdb")
	raw, err := sql.Open("duckdb", path)
	if err != nil {
		t.Fatal(err)
	}
	_, err = raw.Exec("CHECKPOINT") // out of the write-ahead log
	if err = errors.Join(err, raw.Close()); err != nil {
		t.Fatal(err)
	}
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	met := 0
	for at := 3*4096 + block/2; at < len(good) && met < 2; at += block {
		there := t.TempDir()
		bad := bytes.Clone(good)
		bad[at] ^= 4
		file := filepath.Join(there, "warehouse.duckdb")
		if err := os.WriteFile(file, bad, 0o600); err != nil {
			t.Fatal(err)
		}
		db, err := duck.Open(t.Context(), there, duck.Options{})
		if err != nil {
			continue // the one who opens it knows where it is
		}
		for _, s := range []rollup.Source{rollup.SourceTitleDay, rollup.SourceCreativeAll} {
			_, err := db.Scan(t.Context(), rollup.Scan{Source: s, From: from, To: from + 48*rollup.HourMS, Sketches: s.Sketches()})
			if err == nil {
				continue
			}
			met++
			if !strings.Contains(err.Error(), file) {
				t.Errorf("byte %d: the error does not name the file: %v", at, err)
			}
		}
		if err := db.Close(); err != nil {
			t.Logf("close: %v", err)
		}
	}
	if met == 0 {
		t.Error("no scan met the damage: the test tests nothing")
	}
}
