package cluster

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"playhead/internal/warehouse/clickhouse/clickhousetest"
)

// TestMigrate moves an installation to another house while an audience is sent: from the
// first event to the last by one client that tries again, first to the old server and then
// to a collector of the new house. What the new house says of all of it is the truth.
func TestMigrate(t *testing.T) {
	k := StartKafka(t, *libsFlag)
	t.Run("to ClickHouse, killed again and again", func(t *testing.T) {
		server := clickhousetest.Start(t)
		migrates(t, k, "moved.", 7, "clickhouse://"+server.Addr+"/moved", 6)
	})
	t.Run("to DuckDB", func(t *testing.T) { migrates(t, k, "kept.", 8, "duckdb", 1) })
}

func migrates(t *testing.T, k *Kafka, prefix string, seed int, database string, kills int) {
	old := embedded(t)
	old.until("/readyz", http.StatusOK)
	write, token := old.key("write"), old.key("read", "--role", "admin")
	door := forward(t, old.address)
	a := sendWith(t.Context(), t, &process{t: t, name: "door", address: door.address, speed: 200, span: 3 * time.Hour}, write, seed)
	eventually(t, "plays at the old server", func() bool { return plays(old, token) > 100 })

	to := filepath.Join(t.TempDir(), "new")
	args := []string{"migrate", "--data-dir", old.dir, "--to", to, "--kafka", strings.Join(k.Addresses(), ","), "--kafka-prefix", prefix, "--warehouse", database}
	says(t, 0, "a server runs on it", append(args, "--dry-run")...)
	says(t, 2, "kafka: name the brokers", "migrate", "--data-dir", old.dir)
	says(t, 2, "there is no installation", append(args, "--data-dir", t.TempDir())...)
	says(t, 1, "in use", args...)
	says(t, 0, "prepared", append(args, "--prepare", "--partitions", "3")...)
	common := []string{"--partitions", "3", "--warehouse", database}
	ring := append([]string{"--ring-file", filepath.Join(to, "ring.json")}, common...)
	collector := serve(t, k, prefix, "collector", "collect", ring...)
	collector.until("/readyz", http.StatusOK)
	early := []string{"serve", "--listen", "127.0.0.1:0", "--data-dir", t.TempDir(), "--roles", "process", "--kafka", strings.Join(k.Addresses(), ","), "--kafka-prefix", prefix}
	says(t, 1, "not all of it is there", append(early, common...)...)

	// From here on the new house takes what comes.
	door.lead(collector.address)
	stopped := time.Now()
	old.stop()
	select {
	case err := <-a.done:
		t.Fatalf("the audience was through before the move: %v", err)
	default:
	}
	t.Logf("the old server ended %s after it was asked to", time.Since(stopped).Round(time.Millisecond))
	r := rand.New(rand.NewPCG(uint64(seed), 1))
	// A run goes on where the one before it was killed: one of them may get to the end.
	start := time.Now()
	text, moved := "", false
	for range kills {
		if text, moved = killed(t, time.Duration(100+r.IntN(2400))*time.Millisecond, args); moved {
			break
		}
		start = time.Now()
	}
	if !moved {
		text = says(t, 0, "moved in", args...)
	}
	if strings.Contains(text, "DIFFERS") || !strings.Contains(text, "same") {
		t.Errorf("the comparison says\n%s", text)
	}
	t.Logf("the last run took %s\n%s", time.Since(start).Round(time.Millisecond), text)
	says(t, 0, "there is nothing to do", args...)
	says(t, 1, "has moved to Kafka", "serve", "--listen", "127.0.0.1:0", "--data-dir", old.dir)
	stranger := embedded(t)
	stranger.until("/readyz", http.StatusOK)
	stranger.stop()
	says(t, 2, "another installation", "migrate", "--data-dir", stranger.dir, "--to", filepath.Join(t.TempDir(), "new"),
		"--kafka", strings.Join(k.Addresses(), ","), "--kafka-prefix", prefix, "--warehouse", database)

	roles := [][2]string{{"first processor", "process"}, {"second processor", "process"}}
	loads := "load"
	if database == "duckdb" {
		loads = "load,query"
	}
	load := serveIn(t, k, prefix, "load", loads, to, common...)
	answers := load
	if database != "duckdb" {
		answers = serve(t, k, prefix, "query", "query", ring...)
	}
	all := []*process{collector, load}
	for _, x := range roles {
		all = append(all, serve(t, k, prefix, x[0], x[1], common...))
	}
	a.wait(t)
	answers.until("/readyz", http.StatusOK)
	knows(t, answers, token) // made in the old house
	verify(t, answers, token, a.truth)
	if answers != load {
		all = append(all, answers)
	}
	for _, p := range all {
		p.stop()
	}
}

// embedded starts a server that has everything in its folder.
func embedded(t *testing.T) *process {
	t.Helper()
	p := &process{t: t, name: "old server", dir: t.TempDir(), address: fmt.Sprintf("127.0.0.1:%d", clickhousetest.FreePorts(t, 1)[0]), out: &output{}}
	p.args = []string{"serve", "--listen", p.address, "--data-dir", p.dir, "--partitions", "3"}
	p.launch()
	return p
}

// plays is how many a server knows of.
func plays(p *process, token string) int {
	_, text := p.ask(http.MethodPost, "/api/v1/query", token, `{"metrics":["plays"]}`)
	var table struct{ Rows [][]any }
	if json.Unmarshal([]byte(text), &table) != nil || len(table.Rows) == 0 {
		return 0
	}
	n, _ := table.Rows[0][0].(float64) // null is none yet
	return int(n)
}

// says runs a command that must end with a code and words.
func says(t *testing.T, code int, words string, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	text, err := exec.CommandContext(ctx, *binaryFlag, args...).CombinedOutput()
	got := 0
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		got = exit.ExitCode()
	} else if err != nil {
		t.Fatal(err)
	}
	if got != code || !bytes.Contains(text, []byte(words)) {
		t.Fatalf("%s: code %d, want %d and %q\n%s", strings.Join(args, " "), got, code, words, text)
	}
	return string(text)
}

// killed runs a command that is killed after a while, if it is not through by then. It
// returns what the command wrote, and whether it was through.
func killed(t *testing.T, after time.Duration, args []string) (string, bool) {
	t.Helper()
	cmd := exec.Command(*binaryFlag, args...)
	out := &output{}
	cmd.Stdout, cmd.Stderr = out, out
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	timer := time.AfterFunc(after, func() { _ = cmd.Process.Kill() }) // it may have ended
	err := cmd.Wait()
	timer.Stop()
	if exit := (*exec.ExitError)(nil); err != nil && !(errors.As(err, &exit) && exit.ExitCode() == -1) {
		t.Fatalf("a move that was to be killed ended by itself: %v\n%s", err, out)
	}
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	t.Logf("killed after %s: %v; %s", after, err, lines[len(lines)-1])
	return out.String(), err == nil
}

// door is an address that leads to one server or another.
type door struct {
	address string
	to      atomic.Pointer[string]
}

// forward opens a door, which is closed with the test.
func forward(t *testing.T, to string) *door {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	d := &door{address: l.Addr().String()}
	d.lead(to)
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			from, err := l.Accept()
			if err != nil {
				return
			}
			go d.pass(from)
		}
	}()
	return d
}

// lead has who comes from now on go to a server.
func (d *door) lead(to string) { d.to.Store(&to) }

func (d *door) pass(from net.Conn) {
	defer from.Close()
	to, err := net.Dial("tcp", *d.to.Load())
	if err != nil {
		return // whoever came tries again
	}
	defer to.Close()
	done := make(chan struct{}, 2)
	for _, way := range [][2]net.Conn{{from, to}, {to, from}} {
		go func() {
			_, _ = io.Copy(way[0], way[1]) // until either goes
			done <- struct{}{}
		}()
	}
	<-done
}
