package main

import (
	"bufio"
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"time"

	_ "github.com/duckdb/duckdb-go/v2" // the engine that read_json is measured in

	"playhead/tools/figures"
)

// peerEvents is how many of the prepared events the databases load: enough for
// several of their own blocks and merges.
const peerEvents = 2_000_000

// measurePeers loads the same bytes into ClickHouse and into DuckDB, as a user
// of those would, and sets ours (acknowledged events a second, with plays,
// roll-ups and the lake) beside it. Without ClickHouse its figure is left out, and
// said to be.
func measurePeers(ctx context.Context, r *figures.Report, bodies []body, ours float64) error {
	bodies = firstOf(bodies, peerEvents)
	folder, err := os.MkdirTemp("", "bench-peers-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	duck, err := duckRate(ctx, folder, bodies)
	if err != nil {
		return fmt.Errorf("DuckDB: %w", err)
	}
	r.Add("duckdb.events_per_s", duck, "events/s")
	r.AtLeast("ingest.vs_duckdb", ours/duck, "ratio", 1)
	if _, err := exec.LookPath("clickhouse-server"); err != nil {
		fmt.Fprintln(os.Stderr, "bench: SKIPPED ingest.vs_clickhouse: there is no clickhouse-server (apt-get install clickhouse-server clickhouse-client)")
		return nil
	}
	click, err := clickRate(ctx, folder, bodies)
	if err != nil {
		return fmt.Errorf("ClickHouse: %w", err)
	}
	r.Add("clickhouse.events_per_s", click, "events/s")
	r.AtLeast("ingest.vs_clickhouse", ours/click, "ratio", 1.2)
	return nil
}

// firstOf are the first bodies with n events or a few more.
func firstOf(bodies []body, n int) []body {
	for i, b := range bodies {
		if n -= b.Events; n <= 0 {
			return bodies[:i+1]
		}
	}
	return bodies
}

func eventsOf(bodies []body) (n int) {
	for _, b := range bodies {
		n += b.Events
	}
	return n
}

// duckColumns are all fields of the native format, told to DuckDB so that it need not
// find them out.
const duckColumns = `{id: 'VARCHAR', type: 'VARCHAR', time: 'VARCHAR', sent_at: 'VARCHAR', viewer_id: 'VARCHAR', anonymous_id: 'VARCHAR', session_id: 'VARCHAR',
	play_id: 'VARCHAR', seq: 'BIGINT', title_id: 'VARCHAR', position_ms: 'BIGINT', duration_ms: 'BIGINT', from_ms: 'BIGINT', live: 'BOOLEAN', creative_id: 'VARCHAR',
	placement: 'VARCHAR', "rank": 'BIGINT', impression_id: 'VARCHAR', search_id: 'VARCHAR', propensity: 'DOUBLE',
	context: 'STRUCT(country VARCHAR, region VARCHAR, city VARCHAR, device_type VARCHAR, os VARCHAR, browser VARCHAR, app_version VARCHAR, player VARCHAR, cdn VARCHAR, isp VARCHAR, "connection" VARCHAR, timezone VARCHAR)',
	quality: 'STRUCT(bitrate_kbps BIGINT, dropped_frames BIGINT, startup_ms BIGINT, error_code VARCHAR, error_class VARCHAR, error_fatal BOOLEAN)',
	search: 'STRUCT(query VARCHAR, results BIGINT)'}`

// duckRate is events a second of CREATE TABLE … AS SELECT … FROM read_json into a
// database file, on all cores, to the end of its checkpoint.
func duckRate(ctx context.Context, folder string, bodies []body) (float64, error) {
	file := filepath.Join(folder, "events.ndjson")
	if err := writeBodies(file, bodies); err != nil {
		return 0, err
	}
	defer os.Remove(file)
	db, err := sql.Open("duckdb", filepath.Join(folder, "peer.duckdb"))
	if err != nil {
		return 0, err
	}
	defer db.Close()
	began := time.Now()
	for _, q := range []string{
		"CREATE TABLE events AS SELECT * FROM read_json('" + strings.ReplaceAll(file, "'", "''") + "', format = 'newline_delimited', columns = " + duckColumns + ")",
		"CHECKPOINT",
	} {
		if _, err := db.ExecContext(ctx, q); err != nil {
			return 0, err
		}
	}
	took := time.Since(began)
	var n int
	if err := db.QueryRowContext(ctx, "SELECT count(*) FROM events").Scan(&n); err != nil {
		return 0, err
	}
	if want := eventsOf(bodies); n != want {
		return 0, fmt.Errorf("%d rows of %d events", n, want)
	}
	return float64(n) / took.Seconds(), db.Close()
}

func writeBodies(path string, bodies []body) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	w := bufio.NewWriterSize(f, 1<<20)
	for _, b := range bodies {
		if _, err := w.Write(b.Data); err != nil {
			return errors.Join(err, f.Close())
		}
	}
	return errors.Join(w.Flush(), f.Close())
}

// clickColumns are the fields of the native format that ClickHouse 18.16 can read
// with JSONEachRow: it steps over nested objects, and knows no column that is now a
// number and now a text, as times may be.
const clickColumns = `id String, type String, viewer_id String, anonymous_id String, session_id String, play_id String, seq Int64,
	title_id String, position_ms Int64, duration_ms Int64, from_ms Int64, live UInt8, creative_id String, placement String, rank Int64, impression_id String,
	search_id String, propensity Float64`

// clickConfig is a server of one's own: its folders and ports, nothing else changed.
const clickConfig = `<?xml version="1.0"?>
<yandex>
  <logger><level>warning</level><log>%[1]s/click.log</log><errorlog>%[1]s/click.err</errorlog></logger>
  <tcp_port>%[2]d</tcp_port><listen_host>127.0.0.1</listen_host>
  <path>%[1]s/data/</path><tmp_path>%[1]s/tmp/</tmp_path><user_files_path>%[1]s/files/</user_files_path><format_schema_path>%[1]s/schemas/</format_schema_path>
  <mark_cache_size>268435456</mark_cache_size>
  <users_config>%[1]s/users.xml</users_config><default_profile>default</default_profile><default_database>default</default_database>
</yandex>
`

const clickUsers = `<?xml version="1.0"?>
<yandex>
  <profiles><default><max_memory_usage>4000000000</max_memory_usage></default></profiles>
  <users><default><password></password><networks><ip>127.0.0.1</ip></networks><profile>default</profile><quota>default</quota></default></users>
  <quotas><default></default></quotas>
</yandex>
`

// clickServer is a ClickHouse of one's own.
type clickServer struct {
	port int
	cmd  *exec.Cmd
	log  bytes.Buffer
}

// startClick runs clickhouse-server on a new folder until it answers.
func startClick(ctx context.Context, home string) (*clickServer, error) {
	for _, d := range []string{"data", "tmp", "files", "schemas"} {
		if err := os.MkdirAll(filepath.Join(home, d), 0o755); err != nil {
			return nil, err
		}
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s := &clickServer{port: l.Addr().(*net.TCPAddr).Port}
	if err := l.Close(); err != nil {
		return nil, err
	}
	config := filepath.Join(home, "config.xml")
	if err := errors.Join(os.WriteFile(config, fmt.Appendf(nil, clickConfig, home, s.port), 0o600),
		os.WriteFile(filepath.Join(home, "users.xml"), []byte(clickUsers), 0o600)); err != nil {
		return nil, err
	}
	s.cmd = exec.Command("clickhouse-server", "--config-file="+config)
	s.cmd.Stdout, s.cmd.Stderr, s.cmd.Dir = &s.log, &s.log, home
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(100 * time.Millisecond) {
		_, err := s.ask(ctx, "SELECT 1")
		if err == nil {
			return s, nil
		}
		if time.Now().After(deadline) {
			s.stop()
			return nil, fmt.Errorf("the server is not there after 30 s: %w\n%s", err, &s.log)
		}
	}
}

func (s *clickServer) stop() {
	_ = s.cmd.Process.Signal(syscall.SIGTERM) // it may have ended by itself
	_ = s.cmd.Wait()                          // its words are in the log
}

func (s *clickServer) client(ctx context.Context, args ...string) *exec.Cmd {
	return exec.CommandContext(ctx, "clickhouse-client", append([]string{"--host", "127.0.0.1", "--port", fmt.Sprint(s.port)}, args...)...)
}

func (s *clickServer) ask(ctx context.Context, query string) (string, error) {
	out, err := s.client(ctx, "--query", query).CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("%s: %w\n%s", query, err, out)
	}
	return strings.TrimSpace(string(out)), nil
}

// clickRate is events a second of `clickhouse-client … FORMAT JSONEachRow` into a
// MergeTree, each client with its share of the bytes on its standard input: of one
// client and of as many as cores, whichever is faster.
func clickRate(ctx context.Context, folder string, bodies []body) (float64, error) {
	s, err := startClick(ctx, filepath.Join(folder, "click"))
	if err != nil {
		return 0, err
	}
	defer s.stop()
	best := 0.0
	for _, clients := range []int{1, runtime.GOMAXPROCS(0)} {
		for _, q := range []string{
			"DROP TABLE IF EXISTS events",
			"CREATE TABLE events (" + clickColumns + ") ENGINE = MergeTree PARTITION BY tuple() ORDER BY title_id",
		} {
			if _, err := s.ask(ctx, q); err != nil {
				return 0, err
			}
		}
		began := time.Now()
		if err := s.load(ctx, bodies, clients); err != nil {
			return 0, err
		}
		took := time.Since(began)
		n, err := s.ask(ctx, "SELECT count() FROM events")
		if err != nil {
			return 0, err
		}
		if want := fmt.Sprint(eventsOf(bodies)); n != want {
			return 0, fmt.Errorf("%s rows of %s events", n, want)
		}
		best = max(best, float64(eventsOf(bodies))/took.Seconds())
	}
	return best, nil
}

// load runs clients until all that they were given is in.
func (s *clickServer) load(ctx context.Context, bodies []body, clients int) error {
	errs := make([]error, clients)
	var running sync.WaitGroup
	for c := range clients {
		running.Go(func() {
			cmd := s.client(ctx, "--input_format_skip_unknown_fields", "1", "--query", "INSERT INTO events FORMAT JSONEachRow")
			share := make([]*bytes.Reader, 0, len(bodies)/clients+1)
			for i := c; i < len(bodies); i += clients {
				share = append(share, bytes.NewReader(bodies[i].Data))
			}
			cmd.Stdin = &readers{share}
			if out, err := cmd.CombinedOutput(); err != nil {
				errs[c] = fmt.Errorf("insert: %w\n%s", err, out)
			}
		})
	}
	running.Wait()
	return errors.Join(errs...)
}

// readers are read one after the other.
type readers struct{ left []*bytes.Reader }

// Read fills p as far as one of them goes.
func (r *readers) Read(p []byte) (int, error) {
	for len(r.left) > 0 {
		if n, _ := r.left[0].Read(p); n > 0 { // the only error is the end
			return n, nil
		}
		r.left = r.left[1:]
	}
	return 0, io.EOF
}
