package collect

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"playhead/internal/access"
	"playhead/internal/event"
	"playhead/internal/eventlog"
	"playhead/internal/privacy"
)

// now is the fakes' clock: 2026-11-23T05:00:00Z.
const now = int64(1795410000000)

// fakeLog keeps what was appended; the other methods are not the collector's to call.
type fakeLog struct {
	eventlog.Log
	mu      sync.Mutex
	records []eventlog.Record
	err     error
	appends int
}

func (l *fakeLog) Partitions() int32 { return 4 }

func (l *fakeLog) Append(_ context.Context, topic eventlog.Topic, records []eventlog.Record) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.err != nil {
		return l.err
	}
	if topic != eventlog.Events {
		panic("appended to " + topic)
	}
	l.appends++
	for _, r := range records {
		l.records = append(l.records, eventlog.Record{Partition: r.Partition, Data: bytes.Clone(r.Data)})
	}
	return nil
}

// events decodes what was appended.
func (l *fakeLog) events(t *testing.T) []event.Event {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	var out []event.Event
	for _, r := range l.records {
		var e event.Event
		kind, err := event.DecodeRecord(r.Data, &e)
		if err != nil {
			t.Fatal(err)
		}
		if kind != event.RecordEvent {
			continue
		}
		if r.Partition != event.PartitionOf(e.Viewer, 4) {
			t.Errorf("event in partition %d", r.Partition)
		}
		out = append(out, e)
	}
	return out
}

type fakeKeys map[string]access.Key

func (k fakeKeys) Lookup(secret string) (access.Key, bool) {
	key, ok := k[secret]
	return key, ok
}

// rig is a collector with fakes around it.
type rig struct {
	t        testing.TB
	log      *fakeLog
	tail     *Tail
	ring     *privacy.Ring
	mux      *http.ServeMux
	registry *prometheus.Registry

	collector *Collector
}

func newRig(t testing.TB, change ...func(*Config)) *rig {
	t.Helper()
	ring, err := privacy.OpenRing(t.TempDir(), privacy.Options{})
	if err != nil {
		t.Fatal(err)
	}
	r := &rig{t: t, log: &fakeLog{}, tail: NewTail(), ring: ring, mux: http.NewServeMux(), registry: prometheus.NewRegistry()}
	cfg := Config{
		Log: r.log, Ring: ring, Tail: r.tail, Registry: r.registry, Clock: func() int64 { return now },
		Keys: fakeKeys{
			"phw_test":  {ID: 7, Name: "test", Kind: access.Write},
			"phw_site":  {ID: 8, Name: "site", Kind: access.Write, Origins: []string{"https://site.example"}},
			"phw_slow":  {ID: 9, Name: "slow", Kind: access.Write, EventsPerSecond: 1},
			"phr_token": {ID: 10, Name: "reader", Kind: access.Read, Role: access.Viewer},
		},
	}
	for _, fn := range change {
		fn(&cfg)
	}
	c, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	c.Register(r.mux)
	r.collector = c
	return r
}

type reply struct {
	status int
	header http.Header
	text   string
	// Of a 200:
	Accepted  int
	Duplicate int
	Rejected  []struct {
		Index  int
		Field  string
		Code   string
		Reason string
	}
	// Of a problem:
	Title, Detail, Code string
	Status              int
}

func (r *rig) do(req *http.Request) reply {
	r.t.Helper()
	w := httptest.NewRecorder()
	r.mux.ServeHTTP(w, req)
	out := reply{status: w.Code, header: w.Result().Header, text: w.Body.String()}
	if strings.Contains(out.header.Get("Content-Type"), "json") {
		if err := json.Unmarshal(w.Body.Bytes(), &out); err != nil {
			r.t.Fatalf("answer %q: %v", out.text, err)
		}
	}
	return out
}

func (r *rig) post(body string, headers ...string) reply {
	r.t.Helper()
	return r.postTo("/v1/events", strings.NewReader(body), headers...)
}

func (r *rig) postTo(path string, body io.Reader, headers ...string) reply {
	r.t.Helper()
	req := httptest.NewRequest("POST", path, body)
	if !strings.Contains(path, "k=") {
		req.Header.Set("Authorization", "Bearer phw_test")
	}
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	return r.do(req)
}

// stamp is a time near the fakes' clock as clients write it.
func stamp(ms int64) string { return time.UnixMilli(ms).UTC().Format(time.RFC3339Nano) }
