package cluster

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"playhead/internal/warehouse/clickhouse/clickhousetest"
)

// severalAnswer runs two collectors, two processors, one process that loads into
// ClickHouse and two that answer from it. Keys and titles are given to one and known to
// all, a processor and a process that answers are killed, and both answer the truth.
func severalAnswer(t *testing.T, k *Kafka) {
	server := clickhousetest.Start(t)
	const prefix = "nodes."
	settings := []string{"--partitions", "4", "--warehouse", "clickhouse://" + server.Addr + "/nodes", "--lake", "off"}
	collector := serve(t, k, prefix, "first collector", "collect", settings...)
	collector.until("/readyz", http.StatusOK)
	ring := append([]string{"--ring-file", collector.ring()}, settings...)
	second := serve(t, k, prefix, "second collector", "collect", ring...)
	processors := []*process{
		serve(t, k, prefix, "first processor", "process", settings...), serve(t, k, prefix, "second processor", "process", settings...),
	}
	load := serve(t, k, prefix, "load", "load", settings...)
	answer := []*process{serve(t, k, prefix, "first query", "query", ring...), serve(t, k, prefix, "second query", "query", ring...)}
	for _, p := range append(append([]*process{second, load}, processors...), answer...) {
		p.until("/readyz", http.StatusOK)
	}
	stranger(t, k, prefix, settings)

	// Made at one, known to all within seconds.
	write, token := answer[0].key("write"), answer[1].key("read", "--role", "admin")
	knows(t, second, write)
	knows(t, answer[0], token)
	const titles = "titles:\n  - {id: from-one, name: Known to All}\n"
	if code, text := answer[0].ask(http.MethodPut, "/api/v1/catalog", token, titles); code != http.StatusOK {
		t.Fatalf("upload the catalogue: %d %s", code, text)
	}
	eventually(t, "the other to have the catalogue", func() bool {
		_, text := answer[1].ask(http.MethodGet, "/api/v1/catalog/titles", token, "")
		return strings.Contains(text, "Known to All")
	})

	heard := make(chan float64, len(answer))
	for _, p := range answer {
		go func() { heard <- p.busiest(token) }()
	}
	a := sendWith(t.Context(), t, second, write, 3)
	time.Sleep(2 * time.Second) // somewhere in the middle
	processors[0].kill()
	answer[0].kill()
	processors[0].start()
	answer[0].start()
	a.wait(t)
	for _, p := range answer {
		p.until("/readyz", http.StatusOK)
		verify(t, p, token, a.truth)
	}
	if most := max(<-heard, <-heard); most == 0 {
		t.Error("no process that answers heard of an event while it came in")
	}
	const query = `{"metrics":["plays","viewers","watch_hours"],"dimensions":["title"],"limit":1000}`
	rows := func(p *process) string {
		t.Helper()
		code, text := p.ask(http.MethodPost, "/api/v1/query", token, query)
		var answer struct{ Rows json.RawMessage }
		if err := json.Unmarshal([]byte(text), &answer); err != nil || code != http.StatusOK {
			t.Fatalf("%s: %d %s", p.name, code, text)
		}
		return string(answer.Rows)
	}
	if x, y := rows(answer[0]), rows(answer[1]); x != y || len(x) < 100 {
		t.Errorf("two processes answer differently:\n%s\n%s", x, y)
	}
	for _, p := range append([]*process{collector, second, load}, append(processors, answer...)...) {
		p.stop()
	}
}

// stranger has a ring of its own, and is refused.
func stranger(t *testing.T, k *Kafka, prefix string, settings []string) {
	t.Helper()
	args := append([]string{
		"serve", "--listen", "127.0.0.1:0", "--data-dir", filepath.Join(t.TempDir(), "own"), "--roles", "collect",
		"--kafka", strings.Join(k.Addresses(), ","), "--kafka-prefix", prefix,
	}, settings...)
	text, err := exec.Command(*binaryFlag, args...).CombinedOutput()
	if err == nil || !bytes.Contains(text, []byte("--ring-file")) {
		t.Errorf("a process without the ring of all: %v\n%s", err, text)
	}
}

// ask sends a request to a process.
func (p *process) ask(method, path, token, body string) (int, string) {
	p.t.Helper()
	r, err := http.NewRequestWithContext(p.t.Context(), method, "http://"+p.address+path, strings.NewReader(body))
	if err != nil {
		p.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+token)
	switch method {
	case http.MethodPost:
		r.Header.Set("Content-Type", "application/json")
	case http.MethodPut:
		r.Header.Set("Content-Type", "application/yaml")
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0, err.Error()
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		return 0, err.Error()
	}
	return resp.StatusCode, string(text)
}

// knows waits until a process takes a key that another one made.
func knows(t *testing.T, p *process, key string) {
	t.Helper()
	eventually(t, p.name+" to know the key", func() bool {
		path, body, method := "/api/v1/status", "", http.MethodGet
		if strings.HasPrefix(key, "phw_") {
			path, body, method = "/v1/events", "[]", http.MethodPost
		}
		code, _ := p.ask(method, path, key, body)
		return code != 0 && code != http.StatusUnauthorized
	})
}

func eventually(t *testing.T, what string, met func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !met(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("waited %s for %s", patience, what)
		}
	}
}

// busiest is the most events a second that the live stream tells of, until it ends: its
// process is killed or stopped.
func (p *process) busiest(token string) (most float64) {
	r, err := http.NewRequest(http.MethodGet, "http://"+p.address+"/api/v1/live", nil)
	if err != nil {
		return 0
	}
	r.Header.Set("Authorization", "Bearer "+token)
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0
	}
	defer resp.Body.Close()
	for end, lines := time.Now().Add(30*time.Second), bufio.NewScanner(resp.Body); lines.Scan() && time.Now().Before(end); {
		var s struct {
			EventsPerSecond float64 `json:"events_per_second"`
		}
		text, ok := bytes.CutPrefix(lines.Bytes(), []byte("data: "))
		if ok && json.Unmarshal(text, &s) == nil {
			most = max(most, s.EventsPerSecond)
		}
	}
	return most
}
