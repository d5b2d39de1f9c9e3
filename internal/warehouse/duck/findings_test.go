package duck_test

import (
	"testing"

	"playhead/internal/warehouse/duck"
)

// TestFindings: what was kept of some days is there after the file was closed, once,
// and not for ever.
func TestFindings(t *testing.T) {
	const day = int64(24 * 3_600_000)
	dir := t.TempDir()
	open := func() *duck.DB {
		db, err := duck.Open(t.Context(), dir, duck.Options{})
		if err != nil {
			t.Fatal(err)
		}
		return db
	}
	db := open()
	for _, x := range []struct {
		kind string
		end  int64
		body string
	}{{"outliers", 50 * day, "old"}, {"outliers", 90 * day, "first"}, {"others", 90 * day, "another"}, {"outliers", 90 * day, "second"}} {
		if err := db.KeepFindings(t.Context(), x.kind, x.end, []byte(x.body)); err != nil {
			t.Fatal(err)
		}
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	db = open()
	defer db.Close()
	for _, x := range []struct {
		kind string
		end  int64
		want string
	}{{"outliers", 90 * day, "second"}, {"others", 90 * day, "another"}, {"outliers", 50 * day, ""}, {"outliers", 91 * day, ""}} {
		if got, err := db.Findings(t.Context(), x.kind, x.end); err != nil || string(got) != x.want {
			t.Errorf("%s of day %d: %q, %v, want %q", x.kind, x.end/day, got, err, x.want)
		}
	}
}
