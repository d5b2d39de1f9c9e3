package crash

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

var (
	binaryFlag = flag.String("binary", "../../bin/playhead", "the binary to test")
	seedFlag   = flag.Uint64("seed", 0, "seed of the moments of the kills; 0 takes a new one")
)

func TestMain(m *testing.M) {
	flag.Parse()
	if _, err := os.Stat(*binaryFlag); err != nil {
		fmt.Fprintf(os.Stderr, "the crash test needs the binary: %v\nRun: make build\n", err)
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// kills is how often the server is killed.
func kills(t *testing.T) int {
	t.Helper()
	text := os.Getenv("PLAYHEAD_KILLS")
	if text == "" {
		return 12
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		t.Fatalf("PLAYHEAD_KILLS is %q, not a number above 0", text)
	}
	return n
}

// The audience is sent at speed times real time for as long as perKill allows
// for each kill of a round; some 40 events an hour and viewer come of it.
const (
	viewers = 10_000
	speed   = 60
	perKill = 2 * time.Second
	// roundKills bounds a round: a data folder that is killed so often, then
	// verified. What a slow machine does not get done before the audience is gone
	// is done in another round.
	roundKills = 50
)

// The server is killed at random moments while an audience is sent by a client
// that tries again until it is acknowledged. Then every figure must be exact:
// nothing acknowledged is lost, nothing counts twice. It must still be so after
// an orderly stop.
func TestKilledAgainAndAgain(t *testing.T) {
	n, seed := kills(t), *seedFlag
	if seed == 0 {
		seed = rand.Uint64()
	}
	t.Logf("%d kills, -seed %d", n, seed)
	k := &killer{random: rand.New(rand.NewPCG(seed, 1)), wanted: n, tally: map[string]int{}, began: time.Now()}
	rounds := 0
	for ; k.done < n; rounds++ {
		before := k.done
		if t.Run(fmt.Sprint("round ", rounds+1), func(t *testing.T) { k.round(t, uint64(rounds)+11) }); t.Failed() {
			break
		}
		if k.done == before {
			t.Fatal("an audience came and went without a kill")
		}
	}
	t.Logf("%d kills in %d rounds, %s: %v; the slowest start took %s", k.done, rounds, time.Since(k.began).Round(time.Second),
		k.tally, k.slowest.Round(time.Millisecond))
}

// round kills the server of a new data folder while one audience is sent, and
// has every figure compared.
func (k *killer) round(t *testing.T, seed uint64) {
	s := newServer(t)
	s.small = true
	s.start()
	s.mustBeReady()
	write, read := s.key("write"), s.key("read")
	length := min(k.wanted-k.done, roundKills)
	a := sendAudience(t, s, write, seed, time.Duration(length)*perKill)
	k.server = s
	for last := k.done + length; k.done < last && a.running(); {
		if k.once(); k.done%10 == 0 {
			t.Logf("%3d of %d kills after %s", k.done, k.wanted, time.Since(k.began).Round(time.Second))
		}
	}
	s.mustBeReady()
	a.wait()
	t.Log(a.lastWord())
	k.slowest = max(k.slowest, s.slowest)

	s.kill()
	s.small = false // with so little memory, a question of verify was once answered by 500
	s.start()
	s.mustBeReady()
	s.verify(read, a.truth, "after the last kill")
	s.stop()
	s.start()
	s.mustBeReady()
	s.verify(read, a.truth, "after an orderly stop")
}

// killer chooses the moments.
type killer struct {
	server       *server
	random       *rand.Rand
	done, wanted int
	tally        map[string]int // kills by what the server was at
	began        time.Time
	slowest      time.Duration // start
}

// upTo is a random time below a bound.
func (k *killer) upTo(d time.Duration) time.Duration { return time.Duration(k.random.Int64N(int64(d))) }

// once kills the server, which is starting or runs, at a moment of one of six
// kinds, and starts it again.
func (k *killer) once() {
	s, at := k.server, "running"
	change := func(what string, pattern ...string) {
		s.mustBeReady()
		if k.awaitChange(filepath.Join(append([]string{s.dir}, pattern...)...)) {
			at = what
		}
	}
	switch kind := k.random.IntN(10); {
	case kind < 2:
		if time.Sleep(k.upTo(400 * time.Millisecond)); !s.ready() {
			at = "start"
		}
	case kind < 4:
		s.mustBeReady()
		time.Sleep(k.upTo(2 * time.Second))
	case kind < 6:
		change("warehouse write", "warehouse", "warehouse.duckdb*")
	case kind < 8:
		change("log flush or compaction", "log", "*.sst")
	case kind < 9:
		change("lake write", "lake", "*", "*.parquet")
	default:
		s.mustBeReady()
		at = "stop"
		s.ask()
		time.Sleep(k.upTo(300 * time.Millisecond))
	}
	s.kill()
	k.done++
	k.tally[at]++
	s.start()
}

// awaitChange returns within milliseconds of a change to the files of the
// pattern; false when there was none for a while.
func (k *killer) awaitChange(pattern string) bool {
	before := state(pattern)
	for end := time.Now().Add(3 * time.Second); time.Now().Before(end); time.Sleep(time.Millisecond) {
		if state(pattern) != before {
			time.Sleep(time.Duration(k.random.IntN(20)) * time.Millisecond)
			return true
		}
	}
	return false
}

// state is the names and sizes of the files of a pattern.
func state(pattern string) string {
	names, _ := filepath.Glob(pattern) // the pattern is a constant
	var b strings.Builder
	for _, name := range names {
		if info, err := os.Stat(name); err == nil {
			fmt.Fprintln(&b, name, info.Size())
		}
	}
	return b.String()
}

// audience is a running `playhead simulate`.
type audience struct {
	t     *testing.T
	truth string
	said  bytes.Buffer
	ended chan error
}

func sendAudience(t *testing.T, s *server, key string, seed uint64, length time.Duration) *audience {
	t.Helper()
	a := &audience{t: t, truth: filepath.Join(t.TempDir(), "truth.json"), ended: make(chan error, 1)}
	ctx, cancel := context.WithCancel(context.Background())
	cmd := exec.CommandContext(ctx, *binaryFlag, "simulate", "--target", s.url(""), "--key", key, "--seed", fmt.Sprint(seed), "--workers", "8",
		"--viewers", strconv.Itoa(viewers), "--speed", strconv.Itoa(speed), "--duration", (length * speed).String(), "--truth", a.truth)
	cmd.Stdout, cmd.Stderr = &a.said, &a.said
	if err := cmd.Start(); err != nil {
		cancel()
		t.Fatal(err)
	}
	gone := make(chan struct{})
	go func() { a.ended <- cmd.Wait(); close(gone) }()
	t.Cleanup(func() { cancel(); <-gone })
	return a
}

func (a *audience) running() bool { return len(a.ended) == 0 }

// wait until everything that was to be sent is acknowledged.
func (a *audience) wait() {
	a.t.Helper()
	select {
	case err := <-a.ended:
		if err != nil {
			a.t.Fatalf("simulate: %v\n%s", err, &a.said)
		}
	case <-time.After(30 * time.Minute):
		a.t.Fatal("the audience does not end")
	}
}

// lastWord is what was sent in all.
func (a *audience) lastWord() string {
	lines := strings.Split(strings.TrimSpace(a.said.String()), "\n")
	return lines[len(lines)-1]
}
