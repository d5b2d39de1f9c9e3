package collect

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"

	"playhead/internal/event"
	"playhead/internal/eventlog"
)

// beat is a heartbeat with more fields.
func beat(more string) string {
	if more != "" {
		more = "," + more
	}
	return fmt.Sprintf(`{"type":"heartbeat","time":%d,"viewer_id":"viewer-1","play_id":"p1"%s}`, now-1000, more)
}

func gzipped(s string) []byte {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, _ = z.Write([]byte(s))
	_ = z.Close()
	return b.Bytes()
}

func zstded(s string) []byte {
	z, _ := zstd.NewWriter(nil)
	return z.EncodeAll([]byte(s), nil)
}

func TestBodiesOfEveryShape(t *testing.T) {
	a, b := beat(`"id":"a"`), beat(`"id":"b"`)
	shapes := map[string]struct {
		body    string
		headers []string
		want    int
	}{
		"object":           {a, nil, 1},
		"object, pretty":   {strings.ReplaceAll(a, ",", ",\n  "), nil, 1},
		"array":            {"[" + a + ",\n" + b + "]", nil, 2},
		"empty array":      {"[]", nil, 0},
		"lines":            {a + "\n" + b + "\n", nil, 2},
		"lines by type":    {a + "\r\n\r\n" + b, []string{"Content-Type", "application/x-ndjson"}, 2},
		"envelope":         {`{"sent_at":"` + stamp(now) + `","events":[` + a + "," + b + "]}", nil, 2},
		"envelope, turned": {`{"events":[` + a + "," + b + `],"sent_at":null,"more":{"x":[1]}}`, nil, 2},
		"byte order mark":  {"\xef\xbb\xbf" + a, nil, 1},
		"gzip":             {string(gzipped(a + "\n" + b)), []string{"Content-Encoding", "gzip"}, 2},
		"zstd":             {string(zstded("[" + a + "," + b + "]")), []string{"Content-Encoding", "zstd"}, 2},
		"key in a header":  {a, []string{"Authorization", "", "X-Playhead-Key", "phw_test"}, 1},
	}
	for name, s := range shapes {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			got := r.post(s.body, s.headers...)
			if got.status != 200 || got.Accepted != s.want || len(got.Rejected) != 0 || len(r.log.events(t)) != s.want {
				t.Fatalf("%d %s; %d stored", got.status, got.text, len(r.log.events(t)))
			}
		})
	}
}

func TestRejectedEvents(t *testing.T) {
	long := strings.Repeat("x", 257)
	day := int64(86_400_000)
	at := func(ms int64) string {
		return fmt.Sprintf(`{"type":"heartbeat","time":%d,"viewer_id":"v","play_id":"p"}`, ms)
	}
	cases := map[string]struct{ event, field, code, reason string }{
		"wrong type of a number":  {beat(`"position_ms":"12"`), "position_ms", "invalid", "number"},
		"wrong type of an id":     {beat(`"title_id":7`), "title_id", "invalid", "string"},
		"wrong type of an object": {beat(`"context":[1,2,{"a":3}]`), "context", "invalid", "object"},
		"wrong type within":       {beat(`"quality":{"error_fatal":"yes"}`), "quality.error_fatal", "invalid", "true or false"},
		"no object":               {`"text"`, "", "invalid", "object"},
		"a number":                {`12`, "", "invalid", "object"},
		"unknown type":            {strings.Replace(beat(""), "heartbeat", "heartbeet", 1), "type", "unknown_type", `did you mean "heartbeat"`},
		"camel-case type":         {strings.Replace(beat(""), "heartbeat", "playStarted", 1), "type", "unknown_type", `did you mean "play_started"`},
		"type of nothing known":   {strings.Replace(beat(""), "heartbeat", "zzz", 1), "type", "unknown_type", "not one of"},
		"seek_started":            {strings.Replace(beat(""), "heartbeat", "seek_started", 1), "type", "unknown_type", "did you mean"},
		"no type":                 {strings.Replace(beat(""), "type", "tipe", 1), "type", "missing", ""},
		"no time":                 {strings.Replace(beat(""), "time", "when", 1), "time", "missing", ""},
		"no viewer":               {strings.Replace(beat(""), "viewer_id", "user", 1), "viewer_id", "missing", ""},
		"empty viewer":            {strings.Replace(beat(""), "viewer-1", "  ", 1), "viewer_id", "missing", ""},
		"no play":                 {strings.Replace(beat(""), "play_id", "play", 1), "play_id", "missing", ""},
		"time in 1970":            {strings.Replace(at(0), ":0,", `:"1970-01-01T00:00:00Z",`, 1), "time", "too_old", ""},
		"time in seconds":         {at(now / 1000), "time", "too_old", "seconds"},
		"time in microseconds":    {at(now * 1000), "time", "too_new", "microseconds"},
		"time in 2100":            {strings.Replace(at(0), ":0,", `:"2100-01-01T00:00:00Z",`, 1), "time", "too_new", ""},
		"31 days ago":             {at(now - 31*day), "time", "too_old", ""},
		"25 hours ahead":          {at(now + 25*day/24), "time", "too_new", ""},
		"no time at all":          {strings.Replace(at(1), ":1,", `:"yesterday",`, 1), "time", "invalid", "RFC 3339"},
		"a day that is none":      {strings.Replace(at(1), ":1,", `:"2026-02-29T00:00:00Z",`, 1), "time", "invalid", "RFC 3339"},
		"long id":                 {beat(`"id":"` + long + `"`), "id", "too_long", "256"},
		"long viewer":             {strings.Replace(beat(""), "viewer-1", long, 1), "viewer_id", "too_long", "256"},
		"long title":              {beat(`"title_id":"` + long + `"`), "title_id", "too_long", "256"},
		"1 MB play id":            {strings.Replace(beat(""), "p1", strings.Repeat("y", 1<<20), 1), "play_id", "too_long", "256"},
		"invalid UTF-8":           {beat("\"title_id\":\"a\xff\""), "title_id", "invalid_utf8", ""},
		"invalid UTF-8 elsewhere": {beat("\"nobody\":\"a\xff\""), "", "invalid_utf8", ""},
		"negative seq":            {beat(`"seq":-1`), "seq", "out_of_range", ""},
		"half a seq":              {beat(`"seq":1.5`), "seq", "invalid", "whole"},
		"huge number":             {beat(`"position_ms":1e999`), "position_ms", "out_of_range", ""},
		"position of a year":      {beat(`"position_ms":31536000000`), "position_ms", "out_of_range", ""},
		"rate of nothing":         {beat(`"rate":0`), "rate", "out_of_range", ""},
		"deep properties":         {beat(`"properties":{"a":` + strings.Repeat("[", 40) + strings.Repeat("]", 40) + "}"), "", "invalid", "nested"},
		"large properties":        {beat(`"properties":{"a":"` + strings.Repeat("z", 70_000) + `"}`), "properties", "too_long", ""},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			good := `{"type":"search","time":` + fmt.Sprint(now) + `,"viewer_id":"v","search":{"query":"x"},"id":"%d"}`
			got := r.post("[" + fmt.Sprintf(good, 1) + "," + c.event + "," + fmt.Sprintf(good, 2) + "]")
			if got.status != 200 || got.Accepted != 2 || len(got.Rejected) != 1 {
				t.Fatalf("%d %.400s", got.status, got.text)
			}
			rej := got.Rejected[0]
			if rej.Index != 1 || rej.Field != c.field || rej.Code != c.code || !strings.Contains(rej.Reason, c.reason) {
				t.Errorf("%+v", rej)
			}
		})
	}
}

func TestOneWrongTypeInAThousand(t *testing.T) {
	r := newRig(t)
	events := make([]string, 1000)
	for i := range events {
		events[i] = beat(fmt.Sprintf(`"seq":%d`, i))
	}
	events[500] = beat(`"seq":"500"`)
	got := r.post("[" + strings.Join(events, ",") + "]")
	if got.Accepted != 999 || len(got.Rejected) != 1 || got.Rejected[0].Index != 500 || got.Rejected[0].Field != "seq" {
		t.Fatalf("%.300s", got.text)
	}
}

func TestBrokenLinesRejectOnlyThemselves(t *testing.T) {
	a, b, c := beat(`"id":"a"`), beat(`"id":"b"`), beat(`"id":"c"`)
	for name, body := range map[string]string{
		"in the middle": a + "\n" + b[:len(b)/2] + "\n" + c + "\n",
		"at the start":  b[:20] + "\n" + a + "\n" + c,
		"half at end":   a + "\n" + c + "\n" + b[:len(b)-9],
		"not an object": a + "\n[1\n" + c,
		"two in a line": a + "\n" + b + b + "\n" + c,
		"deep":          a + "\n" + strings.Repeat("[", 5000) + "\n" + c,
		"not UTF-8":     a + "\n" + strings.Replace(b, "p1", "p\xfe", 1) + "\n" + c,
	} {
		t.Run(name, func(t *testing.T) {
			for _, kind := range []string{"application/x-ndjson", "text/plain"} {
				r := newRig(t)
				got := r.post(body, "Content-Type", kind)
				want := 1
				if name == "at the start" {
					want = 0
				} else if name == "half at end" {
					want = 2
				}
				if got.status != 200 || got.Accepted != 2 || len(got.Rejected) != 1 || got.Rejected[0].Index != want {
					t.Fatalf("%s: %d %.400s", kind, got.status, got.text)
				}
			}
		})
	}
}

func TestRefusedBodies(t *testing.T) {
	full := gzipped(strings.Repeat(beat("")+"\n", 100))
	bomb := gzipped(strings.Repeat(" ", 50<<20))
	many := "[" + strings.TrimSuffix(strings.Repeat(beat("")+",", 10_001), ",") + "]"
	cases := map[string]struct {
		body    string
		headers []string
		status  int
		code    string
		detail  string
	}{
		"empty":                {"", nil, 400, "malformed_body", "empty"},
		"no JSON":              {"hello", nil, 400, "malformed_body", ""},
		"half an object":       {beat("")[:30], nil, 400, "malformed_body", "ends in the middle"},
		"half an array":        {"[" + beat("") + ",", nil, 400, "malformed_body", ""},
		"half an envelope":     {`{"sent_at":1,"events":[` + beat("") + "]", nil, 400, "malformed_body", ""},
		"text behind":          {"[" + beat("") + "] x", nil, 400, "malformed_body", ""},
		"wrong sent_at":        {`{"sent_at":"soon","events":[]}`, nil, 400, "malformed_body", "sent_at"},
		"10 MB of brackets":    {strings.Repeat("[", 10<<20), nil, 413, "too_large", "5 MiB"},
		"4 MB of brackets":     {strings.Repeat("[", 4<<20), nil, 400, "malformed_body", "nested"},
		"4 MB of objects":      {strings.Repeat(`{"a":`, 800<<10), nil, 400, "malformed_body", "nested"},
		"gzipped brackets":     {string(gzipped(strings.Repeat("[", 10<<20))), []string{"Content-Encoding", "gzip"}, 413, "too_large", ""},
		"truncated gzip":       {string(full[:len(full)-20]), []string{"Content-Encoding", "gzip"}, 400, "truncated_body", "truncated"},
		"truncated at once":    {string(full[:5]), []string{"Content-Encoding", "gzip"}, 400, "truncated_body", "truncated"},
		"empty gzip":           {"", []string{"Content-Encoding", "gzip"}, 400, "truncated_body", "truncated"},
		"gzip that is none":    {beat(""), []string{"Content-Encoding", "gzip"}, 400, "damaged_body", "gzip"},
		"zip bomb":             {string(bomb), []string{"Content-Encoding", "gzip"}, 413, "too_large", ""},
		"zstd bomb":            {string(zstded(strings.Repeat(" ", 50<<20))), []string{"Content-Encoding", "zstd"}, 413, "too_large", ""},
		"zstd that is none":    {beat(""), []string{"Content-Encoding", "zstd"}, 400, "damaged_body", "zstd"},
		"truncated zstd":       {string(zstded(beat(""))[:30]), []string{"Content-Encoding", "zstd"}, 400, "truncated_body", "truncated"},
		"unknown encoding":     {beat(""), []string{"Content-Encoding", "br"}, 415, "unknown_encoding", "gzip"},
		"two encodings":        {beat(""), []string{"Content-Encoding", "gzip, zstd"}, 415, "unknown_encoding", ""},
		"too many":             {many, nil, 413, "too_many_events", "10000"},
		"unknown key":          {beat(""), []string{"Authorization", "Bearer nobody"}, 401, "unknown_key", ""},
		"no key":               {beat(""), []string{"Authorization", ""}, 401, "unknown_key", "needed"},
		"read token":           {beat(""), []string{"Authorization", "Bearer phr_token"}, 401, "unknown_key", "read token"},
		"origin not allowed":   {beat(""), []string{"Authorization", "Bearer phw_site", "Origin", "https://evil.example"}, 403, "origin_not_allowed", ""},
		"control in a string":  {"[{\"type\":\"a\nb\"}]", nil, 400, "malformed_body", "control"},
		"escape that is none":  {`[{"type":"\x41"}]`, nil, 400, "malformed_body", "escape"},
		"a comma too many":     {"[" + beat("") + ",]", nil, 400, "malformed_body", ""},
		"a number with a zero": {`[{"seq":01}]`, nil, 400, "malformed_body", ""},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			started := time.Now()
			got := r.post(c.body, c.headers...)
			if got.status != c.status || got.Code != c.code || !strings.Contains(got.Detail, c.detail) || got.Status != c.status {
				t.Errorf("%d %s", got.status, got.text)
			}
			if got.header.Get("Content-Type") != "application/problem+json" {
				t.Errorf("content type %q", got.header.Get("Content-Type"))
			}
			if len(r.log.records) != 0 {
				t.Errorf("%d records of a refused body", len(r.log.records))
			}
			if took := time.Since(started); took > 2*time.Second {
				t.Errorf("took %v", took)
			}
		})
	}
}

// endless is a body without a length that does not end.
type endless struct{ read int }

func (e *endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = ' '
	}
	e.read += len(p)
	return len(p), nil
}

func TestEndlessBodyIsCutOff(t *testing.T) {
	r := newRig(t)
	body := &endless{}
	if got := r.postTo("/v1/events", io.MultiReader(body)); got.status != 413 || body.read > 12<<20 {
		t.Fatalf("%d after %d bytes", got.status, body.read)
	}
}

type patient struct{}

func (patient) Error() string             { return "busy" }
func (patient) RetryAfter() time.Duration { return 1500 * time.Millisecond }

func TestTroubleOfTheLog(t *testing.T) {
	for name, c := range map[string]struct {
		err    error
		status int
		retry  string
	}{
		"full":     {fmt.Errorf("append: %w", eventlog.ErrFull), 503, "30"},
		"closed":   {eventlog.ErrClosed, 503, "5"},
		"busy":     {fmt.Errorf("append: %w", patient{}), 429, "2"},
		"deadline": {context.DeadlineExceeded, 503, "5"},
		"other":    {errors.New("viewer-1 in an error"), 503, "5"},
	} {
		r := newRig(t)
		r.log.err = c.err
		for _, path := range []string{"/v1/events", "/cmcd", "/v1/settle"} {
			body := beat("")
			if path == "/cmcd" {
				body = `e=ps,sta=p,sid="s",cid="c",ts=` + fmt.Sprint(now)
			}
			got := r.postTo(path, strings.NewReader(body))
			if got.status != c.status || got.header.Get("Retry-After") != c.retry || strings.Contains(got.text, "viewer-1") {
				t.Errorf("%s %s: %d %q %s", name, path, got.status, got.header.Get("Retry-After"), got.text)
			}
		}
		if n := len(r.tail.Recent(10)); n != 0 {
			t.Errorf("%s: the tail shows %d events that were not stored", name, n)
		}
	}
}

func TestLimits(t *testing.T) {
	r := newRig(t, func(c *Config) { c.Limits.MaxEvents = 3; c.Limits.MaxInFlightBytes = 4000 })
	three := beat(`"id":"1"`) + "\n" + beat(`"id":"2"`) + "\n" + beat(`"id":"3"`)
	if got := r.post(three, "Authorization", "Bearer phw_slow"); got.status != 200 {
		t.Fatalf("within the burst: %s", got.text)
	}
	got := r.post(three, "Authorization", "Bearer phw_slow")
	if got.status != 429 || got.header.Get("Retry-After") == "" || got.Code != "rate_limited" {
		t.Fatalf("beyond the rate: %d %s", got.status, got.text)
	}
	if got := r.post(beat(`"nobody":"` + strings.Repeat("x", 5000) + `"`)); got.status != 429 || got.Code != "busy" {
		t.Fatalf("beyond the bytes in flight: %d %s", got.status, got.text)
	}
	if got := r.post(beat("")); got.status != 200 {
		t.Fatalf("afterwards: %s", got.text)
	}
}

func TestDuplicatesWithinARequest(t *testing.T) {
	r := newRig(t)
	got := r.post("[" + strings.Join([]string{
		beat(`"id":"a"`), beat(`"id":"a"`), // the same id
		beat(`"seq":1`), beat(`"seq":1,"position_ms":5`), beat(`"seq":2`), // the same play and seq
		beat(`"position_ms":9`), beat(`"position_ms":9`), // the same content
		strings.Replace(beat(`"id":"a"`), "viewer-1", "viewer-2", 1), // another viewer
	}, ",") + "]")
	if got.Accepted != 5 || got.Duplicate != 3 {
		t.Fatal(got.text)
	}
	many := make([]string, 5000)
	for i := range many {
		many[i] = beat(fmt.Sprintf(`"seq":%d`, i%2500))
	}
	if got := r.post("[" + strings.Join(many, ",") + "]"); got.Accepted != 2500 || got.Duplicate != 2500 {
		t.Fatalf("%.200s", got.text)
	}
}

func TestSettle(t *testing.T) {
	r := newRig(t)
	if got := r.postTo("/v1/settle", nil); got.status != 200 || strings.TrimSpace(got.text) != `{"settled":true}` {
		t.Fatal(got.text)
	}
	at := map[int32]bool{}
	for _, rec := range r.log.records {
		var e event.Event
		if kind, err := event.DecodeRecord(rec.Data, &e); err != nil || kind != event.RecordSettle || e.KeyID != 7 {
			t.Fatalf("%v %v %d", kind, err, e.KeyID)
		}
		at[rec.Partition] = true
	}
	if len(at) != 4 {
		t.Fatalf("partitions %v", at)
	}
	if got := r.postTo("/v1/settle?k=nobody", nil); got.status != 401 {
		t.Fatal(got.status)
	}
}

func TestCrossOrigin(t *testing.T) {
	r := newRig(t)
	for _, path := range []string{"/v1/events", "/cmcd?k=phw_site", "/v1/settle"} {
		req := httptest.NewRequest("OPTIONS", path, nil)
		req.Header.Set("Origin", "https://site.example")
		req.Header.Set("Access-Control-Request-Method", "POST")
		got := r.do(req)
		h := got.header
		if got.status != 204 || h.Get("Access-Control-Allow-Origin") != "https://site.example" || h.Get("Access-Control-Max-Age") != "86400" ||
			!strings.Contains(h.Get("Access-Control-Allow-Headers"), "content-type, authorization, content-encoding") || h.Get("Vary") != "Origin" {
			t.Errorf("%s: %d %v", path, got.status, h)
		}
	}
	req := httptest.NewRequest("OPTIONS", "/cmcd?k=phw_site", nil)
	req.Header.Set("Origin", "https://evil.example")
	if got := r.do(req); got.status != 403 || got.header.Get("Access-Control-Allow-Origin") != "" {
		t.Errorf("%d %v", got.status, got.header)
	}
	if got := r.post(beat(""), "Origin", "https://page.example"); got.header.Get("Access-Control-Allow-Origin") != "https://page.example" ||
		got.header.Get("Access-Control-Expose-Headers") != "Retry-After" {
		t.Errorf("%v", got.header)
	}
}
