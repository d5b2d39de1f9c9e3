package simulate

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"playhead/internal/catalog"
)

var update = flag.Bool("update", false, "rewrite golden files")

// fakeCollector accepts events, and fails in every way that a collector can.
type fakeCollector struct {
	mu       sync.Mutex
	c        *chance
	trouble  bool
	accepted []string
	settled  int
	afterEnd bool
	reject   string
}

func (f *fakeCollector) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if r.Header.Get("Authorization") != "Bearer key" {
		http.Error(w, "no such key", http.StatusUnauthorized)
		return
	}
	fate := 9
	if f.trouble {
		fate = f.c.IntN(8)
	}
	switch fate {
	case 0:
		http.Error(w, "not now", http.StatusServiceUnavailable)
		return
	case 1:
		w.Header().Set("Retry-After", "0.01")
		http.Error(w, "slowly", http.StatusTooManyRequests)
		return
	case 2:
		panic(http.ErrAbortHandler) // the connection breaks, nothing was taken
	}
	if r.URL.Path == "/v1/settle" {
		f.settled++
		fmt.Fprint(w, `{"settled":true}`)
		return
	}
	f.afterEnd = f.afterEnd || f.settled > 0
	n := 0
	for lines := bufio.NewScanner(bytes.NewReader(body)); lines.Scan(); n++ {
		f.accepted = append(f.accepted, lines.Text())
	}
	if fate == 3 {
		panic(http.ErrAbortHandler) // all was taken, but nobody is told
	}
	if f.reject != "" {
		fmt.Fprintf(w, `{"accepted":%d,"duplicate":0,"rejected":[{"index":0,"field":"time","code":"too_old","reason":%q}]}`, n-1, f.reject)
		return
	}
	fmt.Fprintf(w, `{"accepted":%d,"duplicate":0,"rejected":[]}`, n)
}

func runOptions(target, truth string) Options {
	return Options{
		Target: target, Key: "key", Seed: 9, Events: 6_000, Viewers: 300, Workers: 3, Batch: 150, Truth: truth,
		End: time.UnixMilli(testBase + 6*hourMS + 150_000), Catalog: catalog.Demo(1), Patience: 30 * time.Second,
	}
}

// serve runs the fake behind a port that can be closed and opened again.
func serve(t *testing.T, addr string, h http.Handler) (string, func()) {
	t.Helper()
	l, err := net.Listen("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	srv := &http.Server{Handler: h, ErrorLog: nil}
	done := make(chan struct{})
	go func() { defer close(done); _ = srv.Serve(l) }()
	return l.Addr().String(), func() { srv.Close(); <-done }
}

func TestRunThroughTrouble(t *testing.T) {
	f := &fakeCollector{c: newChance(4, 4), trouble: true}
	addr, stop := serve(t, "127.0.0.1:0", f)
	restarted := make(chan func(), 1)
	go func() {
		time.Sleep(150 * time.Millisecond)
		stop() // as if it were killed
		time.Sleep(200 * time.Millisecond)
		_, stop := serve(t, addr, f)
		restarted <- stop
	}()
	path := filepath.Join(t.TempDir(), "truth.json")
	var out bytes.Buffer
	err := Run(context.Background(), withOut(runOptions("http://"+addr, path), &out))
	(<-restarted)()
	if err != nil {
		t.Fatal(err)
	}
	truth, err := ReadTruth(path)
	if err != nil {
		t.Fatal(err)
	}
	if f.settled != 1 || f.afterEnd {
		t.Errorf("settled %d times, events after it: %v", f.settled, f.afterEnd)
	}
	unique := map[string]bool{}
	for _, line := range f.accepted {
		unique[line] = true
	}
	if truth.Events != 6_000 || len(unique) != 6_000 {
		t.Errorf("the truth has %d events, the collector %d", truth.Events, len(unique))
	}
	if len(f.accepted) <= 6_000+int(truth.Repeats) {
		t.Error("no request was sent twice, which this test is for")
	}
	o := newOracle(t, f.accepted)
	compareCells(t, truth, o)
	compareGauge(t, truth, o)
	if !strings.Contains(out.String(), "sent 6000 events") {
		t.Errorf("it told: %s", out.String())
	}
	sameOrder(t, f.accepted)
}

func withOut(o Options, out io.Writer) Options { o.Out = out; return o }

// sameOrder: whatever was lost and repeated, the first arrival of each event of
// a viewer is in the order in which the generator delivers it.
func sameOrder(t *testing.T, accepted []string) {
	t.Helper()
	viewer := func(line string) string {
		if _, rest, ok := strings.Cut(line, `"viewer_id":"`); ok {
			id, _, _ := strings.Cut(rest, `"`)
			return id
		}
		return ""
	}
	first := func(lines []string) map[string][]string {
		seen, by := map[string]bool{}, map[string][]string{}
		for _, line := range lines {
			if v := viewer(line); v != "" && !seen[line] {
				seen[line] = true
				by[v] = append(by[v], line)
			}
		}
		return by
	}
	o := runOptions("http://127.0.0.1:1", "")
	o.defaults()
	var sent []string
	if err := newRunner(&o).gen.run(func(d delivery) error { sent = append(sent, string(d.body)); return nil }); err != nil {
		t.Fatal(err)
	}
	want, got := first(sent), first(accepted)
	for v, lines := range want {
		for i := range lines {
			if i >= len(got[v]) || got[v][i] != lines[i] {
				t.Fatalf("event %d of a viewer arrived out of order", i)
			}
		}
	}
}

func TestRunFailures(t *testing.T) {
	f := &fakeCollector{c: newChance(4, 4), reject: "30 days ago"}
	addr, stop := serve(t, "127.0.0.1:0", f)
	defer stop()
	o := runOptions("http://"+addr, "")
	var rejected *RejectedError
	if err := Run(context.Background(), o); !errors.As(err, &rejected) || !strings.Contains(err.Error(), "30 days ago") {
		t.Errorf("rejected events: %v", err)
	}
	o.Key = "wrong"
	if err := Run(context.Background(), o); !errors.Is(err, errRefused) || !strings.Contains(err.Error(), "no such key") {
		t.Errorf("wrong key: %v", err)
	}
	o = runOptions("http://127.0.0.1:1", "")
	o.Patience = 50 * time.Millisecond
	if err := Run(context.Background(), o); err == nil || !strings.Contains(err.Error(), "gave up") {
		t.Errorf("nobody there: %v", err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	o.Patience = time.Minute
	if err := Run(ctx, o); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("given up by the caller: %v", err)
	}
	if err := (&Options{Target: "localhost"}).Validate(); err == nil || strings.Count(err.Error(), "\n") != 2 {
		t.Errorf("empty options: %v", err)
	}
}

// At a pace, events are sent when their time has come and never before.
func TestRunAtAPace(t *testing.T) {
	for _, speed := range []float64{0.5, 1, 600} {
		o := Options{Target: "http://x", Key: "k", Speed: speed, Duration: 20 * time.Minute, Viewers: 10}
		o.defaults()
		r := newRunner(&o)
		now := time.Now()
		if d := r.due(r.base).Sub(now); d > time.Second || d < -11*time.Second {
			t.Errorf("speed %g: the first event is due in %v", speed, d)
		}
		for at := r.base; at <= r.end; at += 60_000 {
			if due := r.due(at).UnixMilli(); due < at {
				t.Fatalf("speed %g: an event of %d is sent at %d, before it happens", speed, at, due)
			}
		}
		if took := r.due(r.end).Sub(r.due(r.base)).Seconds(); took < 1190/speed || took > 1210/speed {
			t.Errorf("speed %g: twenty minutes take %.1f s", speed, took)
		}
	}
	f := &fakeCollector{c: newChance(4, 4)}
	addr, stop := serve(t, "127.0.0.1:0", f)
	defer stop()
	began := time.Now()
	o := Options{Target: "http://" + addr, Key: "key", Seed: 3, Speed: 600, Duration: 10 * time.Minute, Viewers: 2000}
	if err := Run(context.Background(), o); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(began); took > 4*time.Second || len(f.accepted) == 0 {
		t.Errorf("ten minutes at 600 times real time took %v, %d events", took, len(f.accepted))
	}
}

// The same seed and options give the same events and the same truth.
func TestGolden(t *testing.T) {
	g, lines := generateAll(t, 42, 3*hourMS, 400, 3000)
	hash := uint64(0)
	for _, line := range lines {
		for _, b := range []byte(line) {
			hash = mix(hash ^ uint64(b))
		}
	}
	truth := g.ledger.truth(42, g.end)
	var b strings.Builder
	fmt.Fprintf(&b, "%d deliveries, hash %016x\n%s\n%s\n", len(lines), hash, lines[0], lines[len(lines)/2])
	all := truth.Families[0].Groups[""].over(0, truth.Hours)
	for m, name := range measureNames {
		fmt.Fprintf(&b, "%s %d\n", name, all.m[m])
	}
	fmt.Fprintf(&b, "play_marks %d viewer_marks %d viewers %d\n", all.plays, all.people, truth.Families[0].Groups[""].Viewers)
	path := filepath.Join("testdata", "seed42.golden")
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if b.String() != string(want) {
		t.Errorf("the audience changed; if that is meant, run with -update. got:\n%s\nwant:\n%s", b.String(), want)
	}
}

func FuzzDecodeTruth(f *testing.F) {
	g, _ := generateAll(f, 1, hourMS, 50, 300)
	path := filepath.Join(f.TempDir(), "t.json")
	if err := WriteTruth(path, g.ledger.truth(1, g.end)); err != nil {
		f.Fatal(err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data[:min(len(data), 4000)])
	f.Add([]byte(`{"version":1}`))
	f.Add([]byte(`{"version":2}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		if truth, err := decodeTruth(bytes.NewReader(data)); err == nil && truth.Version != TruthVersion {
			t.Fatal("another version was read")
		}
	})
}
