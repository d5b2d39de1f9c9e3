package chaos

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"playhead/internal/warehouse/clickhouse/clickhousetest"
	"playhead/test/cluster"
)

var (
	libsFlag    = flag.String("kafka", "", "the folder of Kafka's jars: tools/kafka.sh")
	binaryFlag  = flag.String("binary", "../../bin/playhead", "the binary to test")
	faultsFlag  = flag.Int("faults", 12, "how many faults")
	seedFlag    = flag.Uint64("seed", 1, "what decides the faults, and the audience")
	viewersFlag = flag.Int("viewers", 1500, "how many people the audience has")
	speedFlag   = flag.Float64("speed", 20, "how many times faster than real time the audience is")
)

// partitions of the topics.
const partitions = 6

func TestMain(m *testing.M) {
	flag.Parse()
	if *libsFlag == "" {
		fmt.Fprintln(os.Stderr, "the chaos test needs Kafka: make test-chaos")
		os.Exit(1)
	}
	if code, ran := inside(); ran {
		os.Exit(code)
	}
	os.Exit(m.Run())
}

// installation is what is broken.
type installation struct {
	t          *testing.T
	net        *network
	kafka      *cluster.Kafka
	brokers    [cluster.Brokers]cluster.Host
	clickhouse *clickhousetest.Server // nil: the figures are in DuckDB
	collectors []*cluster.Process
	processors []*cluster.Process
	loaders    []*cluster.Process // the first loads; the last answers
	guest      *cluster.Process   // a processor that comes and goes
	began      time.Time
	count      atomic.Int64 // faults until now
}

// all are those that should be there when nothing is broken.
func (in *installation) all() []*cluster.Process {
	return slices.Concat(in.collectors, in.processors, in.loaders)
}

// say prints what has come about.
func (in *installation) say(what string) {
	fmt.Printf("at %s: %s\n", time.Since(in.began).Round(100*time.Millisecond), what)
}

// tend tells who ended by itself.
func (in *installation) tend() error {
	var errs []error
	for _, n := range in.all() {
		errs = append(errs, n.Tend())
	}
	return errors.Join(errs...)
}

// install starts three brokers, two collectors, three processors, and what loads and
// answers.
func install(t *testing.T) *installation {
	t.Helper()
	in := &installation{t: t, net: newNetwork(t)}
	for i := range in.brokers {
		in.brokers[i] = in.net.host(t)
	}
	in.kafka = cluster.StartKafkaAt(t, *libsFlag, in.brokers)
	settings := []string{"--partitions", fmt.Sprint(partitions), "--lake", "off"}
	if os.Getenv(clickhousetest.Needed) != "" {
		in.clickhouse = clickhousetest.Start(t)
		settings = append(settings, "--warehouse", "clickhouse://"+in.clickhouse.Addr+"/chaos")
	}
	start := func(n *cluster.Process) *cluster.Process {
		t.Helper()
		if err := n.Start(); err != nil {
			t.Fatal(err)
		}
		return n
	}
	first := start(cluster.NewProcess(t, in.net.host(t), in.kafka, *binaryFlag, "collector 1", "collect", settings...))
	if err := first.Ready(); err != nil {
		t.Fatal(err)
	}
	ringed := append([]string{"--ring-file", filepath.Join(first.Dir, "ring.json")}, settings...)
	in.collectors = []*cluster.Process{first, start(cluster.NewProcess(t, in.net.host(t), in.kafka, *binaryFlag, "collector 2", "collect", ringed...))}
	for i := range 3 {
		in.processors = append(in.processors, start(cluster.NewProcess(t, in.net.host(t), in.kafka, *binaryFlag, fmt.Sprintf("processor %d", i+1), "process", settings...)))
	}
	in.guest = cluster.NewProcess(t, in.net.host(t), in.kafka, *binaryFlag, "a guest", "process", settings...)
	here := cluster.Host{IP: "127.0.0.1"} // beside the database
	if in.clickhouse == nil {
		in.loaders = []*cluster.Process{start(cluster.NewProcess(t, here, in.kafka, *binaryFlag, "the loader", "load,query", ringed...))}
	} else {
		in.loaders = []*cluster.Process{
			start(cluster.NewProcess(t, here, in.kafka, *binaryFlag, "the loader", "load", settings...)), start(cluster.NewProcess(t, here, in.kafka, *binaryFlag, "who answers", "query", ringed...)),
		}
	}
	for _, n := range in.all() {
		if err := n.Ready(); err != nil {
			t.Fatal(err)
		}
	}
	return in
}

// Everything that can break breaks while an audience is sent by clients that try again.
// Nothing is lost, and nothing is counted twice.
func TestChaos(t *testing.T) {
	in := install(t)
	r := rand.New(rand.NewPCG(*seedFlag, 1))
	usable := func(kinds []kind) []kind {
		return slices.DeleteFunc(kinds, func(k kind) bool {
			switch {
			case k.needs == needNetwork && in.net.why != "":
				t.Logf("SKIPPED: %s: %s", k.name, in.net.why)
				return true
			case k.needs == needClickHouse && in.clickhouse == nil:
				t.Logf("SKIPPED: %s: no ClickHouse; set %s=1 where clickhouse-server is installed", k.name, clickhousetest.Needed)
				return true
			}
			return false
		})
	}
	lanes := [][]fault{plan(r, usable(below()), *faultsFlag/3), nil}
	lanes[1] = plan(r, usable(among()), *faultsFlag-len(lanes[0]))

	answers := in.loaders[len(in.loaders)-1]
	token := answers.Key("read")
	write := in.collectors[0].Key("write")
	for _, n := range in.collectors {
		n.Knows(write)
	}
	b := newBalancer(t, in.collectors[0].Address, in.collectors[1].Address)
	lasting := max(lasts(lanes[0]), lasts(lanes[1])) + 10*time.Second
	truth, out, done := filepath.Join(t.TempDir(), "truth.json"), &cluster.Output{}, make(chan error, 1)
	simulate := exec.Command(*binaryFlag, "simulate", "--target", "http://"+b.listener.Addr().String(), "--key", write,
		"--duration", (time.Duration(float64(lasting) * *speedFlag)).String(), "--viewers", fmt.Sprint(*viewersFlag),
		"--seed", fmt.Sprint(*seedFlag), "--speed", fmt.Sprint(*speedFlag), "--truth", truth)
	simulate.Stdout, simulate.Stderr = out, out
	if err := simulate.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = simulate.Process.Kill() }) // it has ended, if all went well
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	go func() {
		err := simulate.Wait()
		if err != nil { // faults without an audience prove nothing
			cancel()
		}
		done <- err
	}()
	fmt.Printf("an audience is sent for %s while %d faults are done, seed %d\n", lasting.Round(time.Second), *faultsFlag, *seedFlag)

	in.began = time.Now()
	time.Sleep(3 * time.Second) // some of it is there
	results := make([]error, len(lanes))
	var group sync.WaitGroup
	for i, lane := range lanes {
		group.Go(func() {
			if results[i] = in.inflict(ctx, lane); results[i] != nil {
				cancel()
			}
		})
	}
	group.Wait()
	if err := errors.Join(results...); err != nil || t.Failed() {
		t.Fatalf("%v\nsimulate: %s", err, out.Tail(2000))
	}
	in.say("all faults are mended")
	for _, n := range in.all() {
		if err := n.Ready(); err != nil {
			t.Fatal(err)
		}
	}
	in.say("all are ready")
	select {
	case err := <-done:
		if err != nil {
			t.Fatalf("simulate: %v\n%s", err, out.Tail(4000))
		}
	case <-time.After(lasting + cluster.Patience):
		t.Fatalf("the audience is not sent %s after the faults\n%s", lasting+cluster.Patience, out.Tail(4000))
	}
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	in.say("the audience is sent: " + lines[len(lines)-1])
	in.verify(token, truth)
	for _, n := range in.all() {
		if err := n.Stop(); err != nil {
			t.Error(err)
		}
	}
}

var total = regexp.MustCompile(`(?m)^total\s+(\d+)\s+(\d+)`)

// verify waits until every figure is the truth: what was sent last is on its way
// through two topics.
func (in *installation) verify(token, truth string) {
	in.t.Helper()
	answers := in.loaders[len(in.loaders)-1]
	for end := time.Now().Add(cluster.Patience); ; time.Sleep(500 * time.Millisecond) {
		text, err := exec.Command(*binaryFlag, "verify", "--target", "http://"+answers.Address, "--token", token, "--truth", truth).CombinedOutput()
		cells := total.FindSubmatch(text)
		if err == nil && cells != nil {
			in.say("everything is counted")
			fmt.Printf("%d faults, seed %d: verify exact over %s cells\n", in.count.Load(), *seedFlag, cells[1])
			return
		}
		if time.Now().After(end) {
			if cells != nil {
				fmt.Printf("%d faults, seed %d: verify differs in %s of %s cells\n", in.count.Load(), *seedFlag, cells[2], cells[1])
			}
			in.t.Fatalf("verify: %v\n%s", err, strings.TrimSpace(string(text)))
		}
	}
}
