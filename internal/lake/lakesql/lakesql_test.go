package lakesql

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"playhead/internal/event"
	"playhead/internal/eventlog"
	"playhead/internal/eventlog/pebblelog"
	"playhead/internal/fact"
	"playhead/internal/lake"
)

// ask returns the answer as lines of values.
func ask(t *testing.T, dir, question string) string {
	t.Helper()
	db, err := Open(context.Background(), Options{MemoryMB: 200, Threads: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var b strings.Builder
	err = db.Query(context.Background(), dir, question, func(names []string) error {
		fmt.Fprintln(&b, strings.Join(names, " "))
		return nil
	}, func(values []any) error {
		fmt.Fprintln(&b, values...)
		return nil
	})
	if err != nil {
		t.Fatalf("%s: %v", question, err)
	}
	return strings.TrimSpace(b.String())
}

// TestDuckDBReadsWhatWasWritten: another reader of Parquet finds the same.
func TestDuckDBReadsWhatWasWritten(t *testing.T) {
	ctx := context.Background()
	log, err := pebblelog.Open(t.TempDir(), pebblelog.Options{Partitions: 1, ReserveBytes: -1})
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	dir := filepath.Join(t.TempDir(), "lake")
	l, err := lake.Open(dir, log, lake.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if got := ask(t, dir, "SELECT count(*) AS n, count(viewer) AS v FROM events"); got != "n v\n0 0" {
		t.Errorf("an empty lake: %s", got)
	}
	const n = 40_000
	var records []eventlog.Record
	for i := range n {
		var e event.Event
		e.Reset()
		e.Type, e.Time, e.Seq = event.Heartbeat, 1_764_115_200_000+int64(i)*500, int64(i)
		e.Viewer[0], e.Play[1], e.TitleID = byte(i%5+1), byte(i%7+1), fmt.Sprint("title-", i%3)
		e.PositionMS = int64(i)
		if i%4 == 0 {
			e.Traits = map[string]string{"plan": "family"}
			e.Properties = []byte(fmt.Sprintf(`{"n":%d}`, i))
			e.Rate = 1.5
		}
		records = append(records, eventlog.Record{Data: event.AppendRecord(nil, &e)})
	}
	if err := log.Append(ctx, eventlog.Events, records); err != nil {
		t.Fatal(err)
	}
	batch := fact.Batch{InputEnd: n, Repeats: []int64{7, n - 1}}
	if err := log.Commit(ctx, []eventlog.Transaction{{To: n, Output: [][]byte{fact.AppendBatch(nil, &batch)}}}); err != nil {
		t.Fatal(err)
	}
	if err := l.Flush(ctx); err != nil {
		t.Fatal(err)
	}
	for question, want := range map[string]string{
		"SELECT count(*) AS n, sum(position_ms) AS s, count(DISTINCT viewer) AS v, count(DISTINCT play) AS p FROM events": fmt.Sprintf("n s v p\n%d %d 5 7", n-2, n*(n-1)/2-7-(n-1)),
		"SELECT min(time)::VARCHAR AS a, max(seq) AS b, any_value(type) AS c FROM events":                                 fmt.Sprintf("a b c\n2025-11-26 00:00:00+00 %d heartbeat", n-2),
		"SELECT traits->>'plan' AS plan, count(*) AS n, sum((properties->>'n')::INT) AS s, sum(rate) AS r FROM events GROUP BY ALL ORDER BY 1 NULLS LAST": "plan n s r\n" +
			fmt.Sprintf("family %d %d %g\n<nil> %d <nil> %d", n/4, (n/4-1)*(n/4)*2, 1.5*n/4, n*3/4-2, n*3/4-2),
		"SELECT count(*) AS n FROM events WHERE title_id = 'title-1'": "n\n13332",
		"SELECT count(*) AS n FROM events WHERE title_id = 'title-x'": "n\n0",
		"SELECT title_id AS t, count(*) AS n FROM events WHERE viewer = '\\x03\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00'::BLOB GROUP BY 1 ORDER BY 1": "t n\ntitle-0 2666\ntitle-1 2666\ntitle-2 2667",
	} {
		if got := ask(t, dir, question); got != want {
			t.Errorf("%s\n got %s\nwant %s", question, got, want)
		}
	}
}

func TestNoLake(t *testing.T) {
	db, err := Open(context.Background(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.Query(context.Background(), t.TempDir(), "SELECT 1", nil, nil); err == nil || !strings.Contains(err.Error(), "no lake") {
		t.Errorf("a folder without a lake: %v", err)
	}
}
