package cluster

import (
	"bytes"
	"cmp"
	"context"
	"flag"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"playhead/internal/warehouse/clickhouse/clickhousetest"
)

var (
	libsFlag    = flag.String("kafka", "", "the folder of Kafka's jars: tools/kafka.sh")
	binaryFlag  = flag.String("binary", "../../bin/playhead", "the binary to test")
	viewersFlag = flag.Int("viewers", 500, "viewers of each audience, of whom one has some 40 events an hour")
)

func TestMain(m *testing.M) {
	flag.Parse()
	if *libsFlag == "" {
		fmt.Fprintln(os.Stderr, "the cluster test needs Kafka: make test-cluster")
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// patience bounds what a loaded machine may take for anything.
const patience = 4 * time.Minute

// process is a Playhead with some roles.
type process struct {
	t         *testing.T
	name, dir string
	address   string
	args      []string
	cmd       *exec.Cmd
	exited    chan struct{}
	speed     int           // of its audience, times real time; 0 is usualSpeed
	span      time.Duration // of its audience's time; 0 is usualSpan
	out       *output
}

// output is what a process wrote.
type output struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	text := o.buf.String()
	return text[max(0, len(text)-6000):]
}

// serve starts a process and stops it with the test.
func serve(t *testing.T, k *Kafka, prefix, name, roles string, more ...string) *process {
	t.Helper()
	return serveIn(t, k, prefix, name, roles, t.TempDir(), more...)
}

// serveIn starts a process with a data folder that may hold something.
func serveIn(t *testing.T, k *Kafka, prefix, name, roles, dir string, more ...string) *process {
	t.Helper()
	p := &process{t: t, name: name, dir: dir, address: fmt.Sprintf("127.0.0.1:%d", clickhousetest.FreePorts(t, 1)[0]), out: &output{}}
	p.args = append([]string{
		"serve", "--listen", p.address, "--data-dir", p.dir, "--roles", roles, "--kafka", strings.Join(k.Addresses(), ","), "--kafka-prefix", prefix,
	}, more...)
	p.launch()
	return p
}

// launch starts the process for the first time, and ends it with the test.
func (p *process) launch() {
	p.t.Helper()
	p.start()
	p.t.Cleanup(func() {
		p.kill()
		if p.t.Failed() {
			p.t.Logf("%s:\n%s", p.name, p.out)
		}
	})
}

func (p *process) start() {
	p.t.Helper()
	p.cmd = exec.Command(*binaryFlag, p.args...)
	p.cmd.Stdout, p.cmd.Stderr = p.out, p.out
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := p.cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
	p.exited = make(chan struct{})
	go func(cmd *exec.Cmd, exited chan struct{}) {
		_ = cmd.Wait() // killed, or seen by who waits for exited
		close(exited)
	}(p.cmd, p.exited)
}

// kill ends the process at once, whatever it is at.
func (p *process) kill() {
	_ = p.cmd.Process.Kill() // it may have ended already
	<-p.exited
}

// stop asks the process to end.
func (p *process) stop() {
	p.t.Helper()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		p.t.Fatal(err)
	}
	select {
	case <-p.exited:
	case <-time.After(patience):
		p.t.Fatalf("%s did not end after SIGTERM\n%s", p.name, p.out)
	}
	if code := p.cmd.ProcessState.ExitCode(); code != 0 {
		p.t.Errorf("%s ended with %d after SIGTERM\n%s", p.name, code, p.out)
	}
}

// until waits for an address of the process to answer as wanted.
func (p *process) until(path string, code int) {
	p.t.Helper()
	client := http.Client{Timeout: 5 * time.Second}
	for end := time.Now().Add(patience); ; time.Sleep(50 * time.Millisecond) {
		select {
		case <-p.exited:
			p.t.Fatalf("%s ended by itself: %s\n%s", p.name, p.cmd.ProcessState, p.out)
		default:
		}
		resp, err := client.Get("http://" + p.address + path)
		if err == nil {
			resp.Body.Close()
			if resp.StatusCode == code {
				return
			}
		}
		if time.Now().After(end) {
			p.t.Fatalf("%s of %s does not answer %d: %v\n%s", path, p.name, code, err, p.out)
		}
	}
}

// ring is the file of the process's pseudonym ring.
func (p *process) ring() string { return filepath.Join(p.dir, "ring.json") }

// key makes a key; a running process learns of it by itself.
func (p *process) key(kind string, more ...string) string {
	p.t.Helper()
	text, err := exec.Command(*binaryFlag, append([]string{"keys", "create", "--" + kind, "--name", kind, "--data-dir", p.dir}, more...)...).Output()
	key, _, _ := strings.Cut(string(text), "\n")
	if err != nil || key == "" {
		p.t.Fatalf("keys create --%s: %v", kind, err)
	}
	return key
}

// An audience is sent in a minute, so that what is broken meanwhile is broken under it.
const (
	usualSpeed = 60
	usualSpan  = time.Hour
)

// audience sends an audience until all of it is acknowledged, trying again.
type audience struct {
	truth string
	done  chan error
	out   *output
}

func send(ctx context.Context, t *testing.T, to *process, seed int) *audience {
	t.Helper()
	return sendWith(ctx, t, to, to.key("write"), seed)
}

// sendWith sends with a key that any process made.
func sendWith(ctx context.Context, t *testing.T, to *process, key string, seed int) *audience {
	t.Helper()
	a := &audience{truth: filepath.Join(t.TempDir(), "truth.json"), done: make(chan error, 1), out: &output{}}
	speed, span := cmp.Or(to.speed, usualSpeed), cmp.Or(to.span, usualSpan)
	cmd := exec.CommandContext(ctx, *binaryFlag, "simulate", "--target", "http://"+to.address, "--key", key,
		"--viewers", fmt.Sprint(*viewersFlag), "--seed", fmt.Sprint(seed),
		"--speed", fmt.Sprint(speed), "--duration", span.String(), "--truth", a.truth)
	cmd.Stdout, cmd.Stderr = a.out, a.out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { a.done <- cmd.Wait() }()
	return a
}

func (a *audience) wait(t *testing.T) {
	t.Helper()
	select {
	case err := <-a.done:
		if err != nil {
			t.Fatalf("simulate: %v\n%s", err, a.out)
		}
	case <-time.After(2 * patience):
		t.Fatalf("the audience is not sent after %s\n%s", 2*patience, a.out)
	}
}

// verify waits until every figure is the truth: what was sent last is on its way
// through two topics.
func verify(t *testing.T, of *process, token, truth string) {
	t.Helper()
	for end := time.Now().Add(patience); ; time.Sleep(500 * time.Millisecond) {
		text, err := exec.Command(*binaryFlag, "verify", "--target", "http://"+of.address, "--token", token, "--truth", truth).CombinedOutput()
		lines := strings.Split(strings.TrimSpace(string(text)), "\n")
		if err == nil {
			t.Log(lines[len(lines)-1])
			return
		}
		if time.Now().After(end) {
			t.Fatalf("verify: %v\n%s", err, text)
		}
	}
}

// Everything runs on Kafka: in one process with all roles, which is killed and
// restarted; then a process a role, of which processors and a broker are killed
// while an audience is sent by a client that tries again. Every figure is exact.
func TestServe(t *testing.T) {
	k := StartKafka(t, *libsFlag)
	t.Run("one process", func(t *testing.T) { oneProcess(t, k) })
	t.Run("a process a role", func(t *testing.T) { processARole(t, k) })
	t.Run("several that answer", func(t *testing.T) { severalAnswer(t, k) })
}

func oneProcess(t *testing.T, k *Kafka) {
	p := serve(t, k, "one.", "playhead", "collect,process,load,query", "--partitions", "3")
	p.until("/readyz", http.StatusOK)
	token := p.key("read")
	p.span = usualSpan / 2
	a := send(t.Context(), t, p, 1)
	time.Sleep(3 * time.Second) // somewhere in the middle
	p.kill()
	p.start()
	a.wait(t)
	verify(t, p, token, a.truth)
	p.stop()
	p.start()
	p.until("/readyz", http.StatusOK)
	verify(t, p, token, a.truth)
	p.stop()
}

func processARole(t *testing.T, k *Kafka) {
	const prefix = "many."
	collector := serve(t, k, prefix, "collector", "collect", "--partitions", "4")
	collector.until("/readyz", http.StatusOK)
	first := serve(t, k, prefix, "first processor", "process", "--partitions", "4")
	query := serve(t, k, prefix, "query", "load,query", "--partitions", "4", "--ring-file", collector.ring())
	first.until("/readyz", http.StatusOK)
	second := serve(t, k, prefix, "second processor", "process", "--partitions", "4")
	second.until("/readyz", http.StatusOK)
	query.until("/readyz", http.StatusOK)
	token := query.key("read")
	a := send(t.Context(), t, collector, 2)
	pause := func() { time.Sleep(2 * time.Second) } // let some of it through
	pause()
	first.kill()
	pause()
	first.start()
	k.Kill(1)
	pause()
	k.Start(t, 1)
	second.kill()
	pause()
	second.start()
	query.kill()
	query.start()
	collector.kill()
	collector.start()
	a.wait(t)
	verify(t, query, token, a.truth)
	for _, p := range []*process{collector, first, second, query} {
		p.stop()
	}
}
