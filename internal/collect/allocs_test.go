package collect

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
)

// quiet is an answer that nobody reads and that costs nothing.
type quiet struct{ header http.Header }

func (q *quiet) Header() http.Header         { return q.header }
func (q *quiet) Write(p []byte) (int, error) { return len(p), nil }
func (q *quiet) WriteHeader(int)             {}

// From a request to records for the log, native events are made without garbage.
func TestAllocationsOfTheNativePath(t *testing.T) {
	const events = 500
	var body bytes.Buffer
	for i := range events {
		fmt.Fprintf(&body, `{"id":"e-%d","type":"heartbeat","time":%d,"viewer_id":"viewer-%d","session_id":"s-%d","play_id":"p-%d","seq":%d,"title_id":"t-%d",`+
			`"position_ms":%d,"duration_ms":5400000,"context":{"country":"DE","device_type":"tv","os":"Tizen","cdn":"alpha"},"quality":{"bitrate_kbps":4500}}`+"\n",
			i, now-int64(i), i, i, i, i, i, i*1000)
	}
	var serve http.Handler
	newRig(t, func(cfg *Config) {
		own := *cfg
		own.Registry, own.Log = nil, sink{}
		c, err := New(own)
		if err != nil {
			t.Fatal(err)
		}
		mux := http.NewServeMux()
		c.Register(mux)
		serve = mux
	})
	reader := bytes.NewReader(body.Bytes())
	req := httptest.NewRequest("POST", "/v1/events", nil)
	req.Header.Set("Authorization", "Bearer phw_test")
	req.Header.Set("Content-Type", "application/x-ndjson")
	req.Header.Set("User-Agent", "Mozilla/5.0 (SMART-TV; LINUX; Tizen 5.0) AppleWebKit/537.36 (KHTML, like Gecko) Version/5.0 TV Safari/537.36")
	answer := &quiet{header: http.Header{}}
	got := testing.AllocsPerRun(50, func() {
		reader.Reset(body.Bytes())
		req.Body, req.ContentLength = io.NopCloser(reader), int64(body.Len())
		serve.ServeHTTP(answer, req)
	}) / events
	t.Logf("%.3f allocations an event", got)
	if got >= 1 {
		t.Errorf("%.2f allocations an event, want less than one", got)
	}
}
