package cluster

import (
	"bytes"
	"fmt"
	"net/http"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"playhead/internal/warehouse/clickhouse/clickhousetest"
)

// Patience bounds what a loaded machine may take for anything.
const Patience = 5 * time.Minute

// Process is a Playhead with some roles, on a host.
type Process struct {
	Name, Dir string
	Host      Host
	Address   string // HOST:PORT that it listens on
	Out       Output

	t          *testing.T
	binary     string
	args       []string
	mu         sync.Mutex
	cmd        *exec.Cmd
	exited     chan struct{}
	deliberate bool // it was to end
	before     int  // what it wrote before its last start, bytes
}

// Output is what a process wrote.
type Output struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (o *Output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.Write(p)
}

func (o *Output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.String()
}

// Tail is the last of it.
func (o *Output) Tail(n int) string {
	text := o.String()
	return text[max(0, len(text)-n):]
}

// NewProcess is a Playhead on a Kafka that is not started yet; it ends with the test.
func NewProcess(t *testing.T, h Host, k *Kafka, binary, name, roles string, more ...string) *Process {
	t.Helper()
	n := &Process{t: t, binary: binary, Name: name, Host: h, Dir: t.TempDir(), Address: fmt.Sprintf("%s:%d", h.IP, clickhousetest.FreePorts(t, 1)[0])}
	n.args = append([]string{
		"serve", "--listen", n.Address, "--data-dir", n.Dir, "--roles", roles, "--kafka", strings.Join(k.Addresses(), ","),
	}, more...)
	t.Cleanup(func() {
		_ = n.Kill()
		if t.Failed() {
			t.Logf("%s:\n%s", n.Name, n.Out.Tail(12_000))
		}
	})
	return n
}

// Start starts it, again if it ended.
func (n *Process) Start() error {
	n.mu.Lock()
	defer n.mu.Unlock()
	before := len(n.Out.String())
	n.cmd = n.Host.Command(n.binary, n.args...)
	n.cmd.Stdout, n.cmd.Stderr = &n.Out, &n.Out
	n.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := n.cmd.Start(); err != nil {
		return fmt.Errorf("start %s: %w", n.Name, err)
	}
	n.exited, n.deliberate = make(chan struct{}), false
	n.before = before
	go func(cmd *exec.Cmd, exited chan struct{}) {
		_ = cmd.Wait() // killed, or seen by who waits for exited
		close(exited)
	}(n.cmd, n.exited)
	return nil
}

// Kill ends the process at once, whatever it is at.
func (n *Process) Kill() error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.cmd == nil || n.cmd.Process == nil {
		return nil
	}
	n.deliberate = true
	_ = n.cmd.Process.Kill() // it may have ended already
	<-n.exited
	return nil
}

// Pid is the process id, the same until it is started again.
func (n *Process) Pid() int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.cmd.Process.Pid
}

// Signal sends one to the process.
func (n *Process) Signal(s syscall.Signal) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.cmd.Process.Signal(s)
}

// Stop asks the process to end, and waits.
func (n *Process) Stop() error {
	n.mu.Lock()
	exited := n.exited
	n.deliberate = true
	err := n.cmd.Process.Signal(syscall.SIGTERM)
	n.mu.Unlock()
	if err != nil {
		return fmt.Errorf("stop %s: %w", n.Name, err)
	}
	select {
	case <-exited:
	case <-time.After(Patience):
		return fmt.Errorf("%s does not end after SIGTERM", n.Name)
	}
	if code := n.cmd.ProcessState.ExitCode(); code != 0 {
		return fmt.Errorf("%s ended with %d after SIGTERM", n.Name, code)
	}
	return nil
}

// Tend starts the process again if it gave its start up, as who watches over services
// does, and tells if it ended by itself after it had begun.
func (n *Process) Tend() error {
	n.mu.Lock()
	var ended error
	select {
	case <-n.exited:
		if !n.deliberate {
			ended = fmt.Errorf("%s ended by itself (%s)", n.Name, n.cmd.ProcessState)
		}
	default:
	}
	begun := strings.Contains(n.Out.String()[n.before:], "Listens on")
	n.mu.Unlock()
	if ended == nil || begun {
		return ended
	}
	fmt.Printf("%s gave its start up, and is started again\n", n.Name)
	return n.Start()
}

// Ready waits until the process says that it is.
func (n *Process) Ready() error {
	client := http.Client{Timeout: 5 * time.Second}
	for end := time.Now().Add(Patience); ; time.Sleep(100 * time.Millisecond) {
		if err := n.Tend(); err != nil {
			return err
		}
		resp, err := client.Get("http://" + n.Address + "/readyz")
		if err == nil {
			resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				return nil
			}
			err = fmt.Errorf("it answers %s", resp.Status)
		}
		if time.Now().After(end) {
			return fmt.Errorf("%s is not ready after %s: %w", n.Name, Patience, err)
		}
	}
}

// Key makes a key beside the running process.
func (n *Process) Key(kind string) string {
	n.t.Helper()
	text, err := exec.Command(n.binary, "keys", "create", "--"+kind, "--name", kind, "--data-dir", n.Dir).Output()
	key, _, _ := strings.Cut(string(text), "\n")
	if err != nil || key == "" {
		n.t.Fatalf("keys create --%s: %v", kind, err)
	}
	return key
}

// Knows waits until the process takes a write key that another one may have made.
func (n *Process) Knows(key string) {
	n.t.Helper()
	for end := time.Now().Add(Patience); ; time.Sleep(100 * time.Millisecond) {
		r, err := http.NewRequest(http.MethodPost, "http://"+n.Address+"/v1/events", strings.NewReader("[]"))
		if err != nil {
			n.t.Fatal(err)
		}
		r.Header.Set("Authorization", "Bearer "+key)
		r.Header.Set("Content-Type", "application/json")
		resp, err := http.DefaultClient.Do(r)
		if err == nil {
			resp.Body.Close()
			if resp.StatusCode != http.StatusUnauthorized {
				return
			}
		}
		if time.Now().After(end) {
			n.t.Fatalf("%s does not know a key after %s: %v", n.Name, Patience, err)
		}
	}
}
