package clickhousetest

import (
	"errors"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"testing"
)

// Needed is the variable that has these tests run: each takes a server and some time.
// With it, a missing ClickHouse is a failure. tools/test.sh sets it once it has
// installed one.
const Needed = "PLAYHEAD_CLICKHOUSE"

// Server is a running ClickHouse.
type Server struct {
	Addr string // host:port of the native protocol

	daemon
	ports ports
	extra string // more of the server's settings
}

type ports struct{ tcp, http, interserver int }

// Start starts a server of its own, stopped when the test ends. The test is skipped
// unless Needed is set.
func Start(t *testing.T) *Server {
	t.Helper()
	s := newServer(t, FreePorts(t, portsPerServer))
	s.Run()
	return s
}

// portsPerServer is how many ports newServer takes.
const portsPerServer = 3

func newServer(t *testing.T, p []int) *Server {
	t.Helper()
	if os.Getenv(Needed) == "" && os.Getenv(ClusterNeeded) == "" {
		t.Skip("SKIPPED: it takes a ClickHouse server of its own; make test ONLY=clickhouse, or set " + Needed + "=1")
	}
	if _, err := exec.LookPath("clickhouse-server"); err != nil {
		t.Fatalf("%v; apt-get install clickhouse-server", err)
	}
	s := &Server{daemon: daemon{t: t, name: "ClickHouse", dir: t.TempDir()}, ports: ports{p[0], p[1], p[2]}}
	s.Addr = fmt.Sprintf("127.0.0.1:%d", s.ports.tcp)
	t.Cleanup(s.Stop)
	return s
}

// URL is the address of a database of the server.
func (s *Server) URL(database string) string { return "clickhouse://" + s.Addr + "/" + database }

// FreePorts are ports of this machine that nobody listens on. They are none that the
// system gives to connections, so that a server which is killed finds its own again.
func FreePorts(t *testing.T, n int) (list []int) {
	t.Helper()
	const from, to, tries = 10_000, 32_000, 1_000
	for range tries {
		l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", from+rand.IntN(to-from)))
		if err != nil {
			continue // somebody has it
		}
		defer l.Close() // all at the end, so that none is given twice
		if list = append(list, l.Addr().(*net.TCPAddr).Port); len(list) == n {
			return list
		}
	}
	t.Fatal("this machine has no free ports")
	return nil
}

// Run starts the server, again if it was stopped, and waits until it answers.
func (s *Server) Run() {
	s.t.Helper()
	s.Begin()
	s.await(s.Addr)
}

// Heal has the server go on if it hangs, and starts it if it does not run.
func (s *Server) Heal() {
	s.t.Helper()
	if s.paused {
		s.Resume()
	}
	if !s.Runs() {
		s.Run()
	}
}

// Begin starts the server and waits for nothing.
func (s *Server) Begin() {
	s.t.Helper()
	s.write()
	s.begin("clickhouse-server", "--config-file="+s.file("config.xml"))
}

// write writes the server's settings: small, for a machine that does other things too.
func (s *Server) write() {
	s.t.Helper()
	config := fmt.Sprintf(`<?xml version="1.0"?>
<yandex>
  <logger><level>warning</level><log>%[1]s/server.log</log><errorlog>%[1]s/error.log</errorlog></logger>
  <listen_host>127.0.0.1</listen_host><tcp_port>%[2]d</tcp_port><http_port>%[3]d</http_port>
  <interserver_http_host>127.0.0.1</interserver_http_host><interserver_http_port>%[4]d</interserver_http_port>
  <path>%[1]s/data/</path><tmp_path>%[1]s/tmp/</tmp_path><format_schema_path>%[1]s/format/</format_schema_path>
  <users_config>users.xml</users_config><default_profile>default</default_profile><default_database>default</default_database>
  <mark_cache_size>16777216</mark_cache_size><uncompressed_cache_size>0</uncompressed_cache_size>
  %[5]s
</yandex>
`, s.dir, s.ports.tcp, s.ports.http, s.ports.interserver, s.extra)
	users := `<?xml version="1.0"?>
<yandex>
  <profiles><default><max_memory_usage>2000000000</max_memory_usage><max_threads>2</max_threads><background_pool_size>2</background_pool_size></default></profiles>
  <users><default><password></password><networks><ip>::/0</ip></networks><profile>default</profile><quota>default</quota></default></users>
  <quotas><default><interval><duration>3600</duration><queries>0</queries><errors>0</errors><result_rows>0</result_rows><read_rows>0</read_rows><execution_time>0</execution_time></interval></default></quotas>
</yandex>
`
	var errs []error
	for _, folder := range []string{"data", "tmp", "format"} {
		errs = append(errs, os.MkdirAll(s.file(folder), 0o700))
	}
	errs = append(errs, os.WriteFile(s.file("config.xml"), []byte(config), 0o600), os.WriteFile(s.file("users.xml"), []byte(users), 0o600))
	if err := errors.Join(errs...); err != nil {
		s.t.Fatal(err)
	}
}

// Database is a name of a database for a folder, or whatever else tells tests apart.
func Database(name string) string {
	h := fnv.New64a()
	_, _ = h.Write([]byte(name)) // it never fails
	return fmt.Sprintf("playhead_%x", h.Sum64())
}
