package clickhousetest

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"
)

// daemon is a program that serves, with a folder of its own.
type daemon struct {
	t      *testing.T
	name   string
	dir    string
	args   []string // the program and its arguments
	cmd    *exec.Cmd
	exited chan struct{}
	paused bool
}

// begin starts the program. It ends when the test is killed.
func (d *daemon) begin(args ...string) {
	d.t.Helper()
	d.args = args
	out, err := os.OpenFile(d.file("out"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		d.t.Fatal(err)
	}
	defer out.Close()
	cmd, exited := exec.Command(args[0], args[1:]...), make(chan struct{})
	cmd.Stdout, cmd.Stderr, cmd.Dir = out, out, d.dir
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	started := make(chan error, 1)
	go func() { // the death signal goes by the thread that starts the process
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		defer close(exited)
		err := cmd.Start()
		started <- err
		if err == nil {
			_ = cmd.Wait() // how it ends is in its log
		}
	}()
	if err := <-started; err != nil {
		d.t.Fatal(err)
	}
	d.cmd, d.exited, d.paused = cmd, exited, false
}

// await waits until the program takes connections.
func (d *daemon) await(addr string) {
	d.t.Helper()
	if err := d.up(addr); err != nil {
		d.t.Fatal(err)
	}
}

// up waits until the program takes connections. A port that nobody had when it was
// chosen can be somebody's by now, for a moment if it is that of a connection: the
// program is started again then, some times.
func (d *daemon) up(addr string) error {
	d.t.Helper()
	const patience = 3 * time.Minute // of a machine with much else to do
	const settled = 200 * time.Millisecond
	again := 5
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		select {
		case <-d.exited:
			if again == 0 || !strings.Contains(d.log(), "Address already in use") {
				return fmt.Errorf("%s ended:\n%s", d.name, d.log())
			}
			again--
			time.Sleep(time.Second)
			_ = os.Remove(d.file("error.log")) // of this try alone is judged next
			_ = os.Remove(d.file("out"))
			d.begin(d.args...)
			continue
		default:
		}
		c, err := net.DialTimeout("tcp", addr, time.Second)
		if err != nil {
			continue
		}
		_ = c.Close()
		select { // it may be somebody else who answers at this port, for which the program ends
		case <-d.exited:
		case <-time.After(settled):
			return nil
		}
	}
	return fmt.Errorf("%s does not answer:\n%s", d.name, d.log())
}

// Kill ends the program at once.
func (d *daemon) Kill() {
	_ = d.cmd.Process.Kill()
	<-d.exited
}

// Pause has the program hang: it takes connections and says nothing.
func (d *daemon) Pause() {
	d.t.Helper()
	if err := d.cmd.Process.Signal(syscall.SIGSTOP); err != nil {
		d.t.Fatal(err)
	}
	d.paused = true
}

// Resume has a program that hangs go on.
func (d *daemon) Resume() {
	d.t.Helper()
	if err := d.cmd.Process.Signal(syscall.SIGCONT); err != nil {
		d.t.Fatal(err)
	}
	d.paused = false
}

// Runs reports whether the program is there and does not hang.
func (d *daemon) Runs() bool {
	if d.cmd == nil || d.paused {
		return false
	}
	select {
	case <-d.exited:
		return false
	default:
		return true
	}
}

// Stop ends the program in order.
func (d *daemon) Stop() {
	if d.cmd == nil {
		return
	}
	if d.paused {
		d.Kill()
		return
	}
	_ = d.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-d.exited:
	case <-time.After(10 * time.Second):
		d.Kill()
	}
}

func (d *daemon) file(name string) string { return filepath.Join(d.dir, name) }

// log is the end of what the program said.
func (d *daemon) log() string {
	var all []byte
	for _, name := range []string{"out", "error.log"} {
		data, _ := os.ReadFile(d.file(name)) // what there is
		all = append(all, data[max(0, len(data)-3000):]...)
	}
	return string(bytes.TrimSpace(all))
}
