package replay

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hamba/avro/v2/ocf"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/parquet-go/parquet-go"
)

// row is a record in each format.
type row struct {
	Type   string `json:"type" avro:"type" parquet:"type"`
	Time   int64  `json:"time" avro:"time" parquet:"time,timestamp(millisecond)"`
	Viewer string `json:"viewer_id" avro:"viewer_id" parquet:"viewer_id"`
	Place  *spot  `json:"context,omitempty" avro:"context" parquet:"context,optional"`
}

type spot struct {
	Country string `json:"country" avro:"country" parquet:"country"`
}

func rows(n int) (out []row) {
	for i := range n {
		out = append(out, row{"rated", 1_700_000_000_000 + int64(i), fmt.Sprint("v", i), &spot{"DE"}})
	}
	return out
}

func must[T any](v T, err error) func(testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func lines(t testing.TB, n int) []byte {
	var out bytes.Buffer
	for _, r := range rows(n) {
		out.Write(must(json.Marshal(r))(t))
		out.WriteByte('\n')
	}
	return out.Bytes()
}

func zipped(t testing.TB, plain []byte) []byte {
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	must(z.Write(plain))(t)
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func avroFile(t testing.TB, n int) []byte {
	var out bytes.Buffer
	enc := must(ocf.NewEncoder(`{"type":"record","name":"R","fields":[{"name":"type","type":"string"},{"name":"time","type":"long"},{"name":"viewer_id","type":"string"},
		{"name":"context","type":["null",{"type":"record","name":"C","fields":[{"name":"country","type":"string"}]}]}]}`, &out, ocf.WithCodec(ocf.Deflate)))(t)
	for _, r := range rows(n) {
		if err := enc.Encode(r); err != nil {
			t.Fatal(err)
		}
	}
	if err := enc.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func parquetFile(t testing.TB, n int) []byte {
	var out bytes.Buffer
	w := parquet.NewGenericWriter[row](&out, parquet.Compression(&parquet.Zstd))
	must(w.Write(rows(n)))(t)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// readAll is all records of a text, as JSON, and what ended it early.
func readAll(t testing.TB, text []byte) (records []string, damage error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := openFile(path)
	if err != nil {
		return nil, err
	}
	defer f.close()
	for {
		record, err := f.next()
		var bad *RecordError
		switch {
		case err == io.EOF:
			return records, nil
		case errors.As(err, &bad):
			records = append(records, "! "+bad.Code)
		case err != nil:
			return records, err
		default:
			records = append(records, string(record))
		}
	}
}

func same(a, b string) bool {
	var x, y any
	return json.Unmarshal([]byte(a), &x) == nil && json.Unmarshal([]byte(b), &y) == nil && fmt.Sprint(x) == fmt.Sprint(y)
}

func TestFormats(t *testing.T) {
	const n = 150
	plain := lines(t, n)
	want := strings.Split(strings.TrimSpace(string(plain)), "\n")
	array := []byte("[" + strings.Join(want, ",\n ") + "]")
	enc := must(zstd.NewWriter(nil))(t)
	for name, text := range map[string][]byte{
		"lines": plain, "lines without a last end": bytes.TrimSpace(plain), "lines with a mark": append([]byte("\xef\xbb\xbf"), plain...),
		"windows lines": bytes.ReplaceAll(plain, []byte("\n"), []byte("\r\n\r\n")),
		"gzip":          zipped(t, plain), "zstd": enc.EncodeAll(plain, nil), "array": array, "array, gzip": zipped(t, array),
		"envelope": []byte(`{"sent_at":1,"events":` + string(array) + `}`), "values": []byte(strings.ReplaceAll(string(plain), ",", ",\n")),
		"avro": avroFile(t, n), "avro, zstd": enc.EncodeAll(avroFile(t, n), nil),
		"parquet": parquetFile(t, n), "parquet, gzip": zipped(t, parquetFile(t, n)),
	} {
		got, err := readAll(t, text)
		if err != nil || !slices.EqualFunc(got, want, same) {
			t.Errorf("%s: %d records, %v, first %s", name, len(got), err, got[:min(1, len(got))])
		}
	}
	for _, empty := range []string{"", "\n\n", "[]", " [ ] ", `{"events":[]}`} {
		if got, err := readAll(t, []byte(empty)); err != nil || len(got) > 0 {
			t.Errorf("%q: %v, %v", empty, got, err)
		}
	}
}

func TestDamage(t *testing.T) {
	for name, c := range map[string]struct {
		text    []byte
		records string
		whole   bool
	}{
		"a bad line":     {[]byte("{\"a\":1}\n{\"a\"\n{\"a\":2}\nx\n"), `{"a":1}|! malformed|{"a":2}|! malformed`, true},
		"a bad 1st line": {[]byte("{\"a\"\n{\"a\":2}\n"), `! malformed|{"a":2}`, true},
		"a long line":    {[]byte("{\"a\":1}\n\"" + strings.Repeat("x", 3<<20) + "\"\n{\"a\":2}"), `{"a":1}|! too_long|{"a":2}`, true},
		"an array":       {[]byte(`[{"a":1},{"a":2},{"a"`), `{"a":1}|{"a":2}`, false},
		"gzip":           {zipped(t, []byte("{\"a\":1}\n"))[:20], ``, false},
		"avro":           {avroFile(t, 3)[:300], ``, false},
		"parquet":        {parquetFile(t, 3)[:300], ``, false},
		"text":           {[]byte("hello"), ``, false},
	} {
		got, err := readAll(t, c.text)
		if strings.Join(got, "|") != c.records || (err == nil) != c.whole {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
}

func TestIdentity(t *testing.T) {
	dir := t.TempDir()
	id := func(name string, text []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		return must(identity(path))(t)
	}
	a := id("a", lines(t, 3))
	if b := id("b.gz", zipped(t, lines(t, 3))); b != a || len(a) != 32 {
		t.Errorf("%s, compressed %s", a, b)
	}
	if c := id("c", lines(t, 4)); c == a {
		t.Error("two files of one identity")
	}
}

// server is what a run sends to; it fails every third request.
type server struct {
	mu       sync.Mutex
	requests int
	events   []string
	queries  []string
	complete int
}

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r.Header.Get("Authorization") != "Bearer k" {
		w.WriteHeader(401)
		_, _ = w.Write([]byte(`{"detail":"this write key is unknown"}`))
		return
	}
	if s.requests++; s.requests%3 == 1 {
		w.WriteHeader(503)
		return
	}
	if r.URL.Query().Get("complete") != "" {
		s.complete++
		_, _ = w.Write([]byte(`{"settled":true}`))
		return
	}
	body, _ := io.ReadAll(r.Body)
	got := strings.Split(strings.TrimSpace(string(body)), "\n")
	s.events = append(s.events, got...)
	s.queries = append(s.queries, r.URL.Query().Get("records"))
	fmt.Fprintf(w, `{"accepted":%d,"duplicate":0,"rejected":[{"index":0,"field":"time","code":"too_old","reason":"old"}]}`, len(got)-1)
}

func start(t *testing.T, change func(*Options), files ...[]byte) (*server, Summary, string, error) {
	t.Helper()
	s := &server{}
	web := httptest.NewServer(s)
	t.Cleanup(web.Close)
	var out, rejected bytes.Buffer
	o := Options{Target: web.URL, Key: "k", Out: &out, Rejected: &rejected}
	dir := t.TempDir()
	for i, text := range files {
		path := filepath.Join(dir, fmt.Sprint(i))
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		o.Files = append(o.Files, path)
	}
	change(&o)
	if err := o.Validate(); err != nil {
		t.Fatal(err)
	}
	sum, err := Run(t.Context(), o)
	return s, sum, strings.ReplaceAll(out.String()+rejected.String(), dir, ""), err
}

func TestRun(t *testing.T) {
	text := slices.Concat([]byte("{\"type\"\n"), lines(t, 2500), []byte("nothing\n"))
	s, sum, out, err := start(t, func(*Options) {}, []byte("hello"), text)
	if err == nil || !strings.Contains(err.Error(), errFormat.Error()) {
		t.Errorf("the unreadable file: %v", err)
	}
	if len(s.events) != 2500 || sum != (Summary{Records: 2502, Accepted: 2497, Rejected: 5}) {
		t.Errorf("%d events, %+v", len(s.events), sum)
	}
	for _, want := range []string{"/1: record 1: malformed", "/1: record 2: time: too_old: old", "/1: record 2502: malformed", "/1: waiting: the server answers 503", `"record":2}`} {
		if !strings.Contains(out, want) {
			t.Errorf("not said: %s\n%s", want, out)
		}
	}
}

func TestRunImport(t *testing.T) {
	s, sum, _, err := start(t, func(o *Options) { o.Import = true }, append([]byte("x\n"), lines(t, 1001)...), []byte(`[{"a":1},`))
	if err == nil || !strings.Contains(err.Error(), "nothing of it was imported") {
		t.Errorf("%v", err)
	}
	if !slices.Equal(s.queries, []string{"2-1001", "1002"}) || s.complete != 1 || sum.Rejected != 3 {
		t.Errorf("%v, completed %d times, %+v", s.queries, s.complete, sum)
	}
}

func TestRunRefused(t *testing.T) {
	if _, _, _, err := start(t, func(o *Options) { o.Key = "other" }, lines(t, 1), lines(t, 1)); !errors.Is(err, ErrRefused) || strings.Count(err.Error(), "401 Unauthorized") != 1 {
		t.Errorf("%v", err)
	}
}

func TestSentAtIsForgotten(t *testing.T) {
	s, _, _, err := start(t, func(*Options) {}, []byte(`{"type":"rated","sent_at":1}`))
	if err != nil || s.events[0] != `{"type":"rated"}` {
		t.Errorf("%v %v", s.events, err)
	}
}

func TestSpeed(t *testing.T) {
	began := time.Now()
	s, _, _, err := start(t, func(o *Options) { o.Speed = 10 },
		[]byte("{\"time\":1700000000000}\n{\"time\":\"2023-11-14T22:13:21Z\"}\n{\"time\":1700000003000}\n{\"type\":\"x\"}\n"))
	if took := time.Since(began); err != nil || len(s.queries) < 2 || took < 300*time.Millisecond || took > 5*time.Second {
		t.Errorf("%d requests in %v, %v", len(s.queries), took, err)
	}
}

func TestStopped(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	path := filepath.Join(t.TempDir(), "f")
	if err := os.WriteFile(path, lines(t, 5), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := Run(ctx, Options{Target: "http://127.0.0.1:1", Key: "k", Files: []string{path}, Out: io.Discard})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

func TestNumbers(t *testing.T) {
	var b batch
	for _, n := range []int64{1, 2, 3, 5, 8, 9} {
		b.add(n, []byte("{}"))
	}
	if got := b.numbers(); got != "1-3,5,8-9" || b.ranges != 3 {
		t.Errorf("%s", got)
	}
}

func TestProgress(t *testing.T) {
	var out bytes.Buffer
	p := newProgress(&out, true)
	p.begin("a/b.ndjson")
	p.last = time.Time{}
	f := &file{size: 100}
	f.read.Store(50)
	p.step(f, &Summary{Records: 7})
	p.line("a line")
	if got := out.String(); !strings.Contains(got, "b.ndjson [===============               ]  50 %  7 records") || !strings.HasSuffix(got, "\r\x1b[Ka line\n") {
		t.Errorf("%q", got)
	}
}

func FuzzFiles(f *testing.F) {
	f.Add(lines(f, 2))
	f.Add([]byte(`[{"a":1},{"b":[2]}]`))
	f.Add([]byte(`{"events":[{"a":1}]}{"b":1}`))
	f.Add(zipped(f, lines(f, 2)))
	f.Add(avroFile(f, 2))
	f.Add(parquetFile(f, 2))
	f.Fuzz(func(t *testing.T, text []byte) {
		records, _ := readAll(t, text)
		for _, record := range records {
			if strings.HasPrefix(record, "! ") {
				continue
			}
			if !json.Valid([]byte(record)) || strings.Contains(record, "\n") {
				t.Errorf("not one line of JSON: %q", record)
			}
		}
	})
}
