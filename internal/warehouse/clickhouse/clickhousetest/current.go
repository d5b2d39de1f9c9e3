package clickhousetest

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// CurrentNeeded is the variable that names the Python which has chdb, a current
// ClickHouse as a library; tests of it run with it. tools/test.sh sets it.
const CurrentNeeded = "PLAYHEAD_CHDB"

// Current is a current ClickHouse: chdb, which a process of ours answers for on
// ClickHouse's HTTP interface.
type Current struct {
	Addr    string // host:port of HTTP
	Version string
}

// StartCurrent starts one, stopped when the test ends. The test is skipped unless
// CurrentNeeded is set.
func StartCurrent(t *testing.T) *Current {
	t.Helper()
	python := os.Getenv(CurrentNeeded)
	if python == "" {
		t.Skip("SKIPPED: it takes chdb from PyPI; make test ONLY=chdb, or set " + CurrentNeeded + " to a Python that has it")
	}
	_, here, _, _ := runtime.Caller(0)
	server := filepath.Join(filepath.Dir(here), "..", "..", "..", "..", "test", "chdb", "server.py")
	cmd := exec.Command(python, server, t.TempDir())
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe() // it ends when this does
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = in.Close()
		_ = cmd.Wait() // how it ends is all the same
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	port, version, ok := strings.Cut(strings.TrimSpace(line), " ")
	if err != nil || !ok {
		t.Fatalf("chdb did not start: %q, %v", line, err)
	}
	return &Current{Addr: "127.0.0.1:" + port, Version: version}
}

// URL is the address of a database of it.
func (c *Current) URL(database string) string {
	return fmt.Sprintf("clickhouse://%s/%s?http=true", c.Addr, database)
}
