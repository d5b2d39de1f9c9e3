package scale

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"
)

// share is a control group whose processes have so much of a processor and no more.
type share struct {
	dir string
	old bool // version 1
}

// period is how often a share begins anew.
const period = 50 * time.Millisecond

// newShare makes a group, by version 2 of control groups or, where the machine has the
// processor's controller there, version 1. It has no bound until it is limited.
func newShare(t *testing.T, name string) share {
	t.Helper()
	name = fmt.Sprintf("playhead-%d-%s", os.Getpid(), name)
	const one, two = "/sys/fs/cgroup/cpu", "/sys/fs/cgroup"
	s := share{dir: filepath.Join(two, name)}
	if _, err := os.Stat(filepath.Join(two, "cgroup.controllers")); err != nil {
		s = share{filepath.Join(one, name), true}
	} else if err := os.WriteFile(filepath.Join(two, "cgroup.subtree_control"), []byte("+cpu"), 0); err != nil {
		t.Skipf("SKIPPED: control groups cannot be used here (%v); run as root: make bench ARGS=\"-only scale\"", err)
	}
	if err := os.Mkdir(s.dir, 0o755); err != nil {
		t.Skipf("SKIPPED: a control group cannot be made here (%v); run as root, with the cpu controller: make bench ARGS=\"-only scale\"", err)
	}
	t.Cleanup(func() { _ = os.Remove(s.dir) }) // its processes have ended
	return s
}

// limit gives the group a part of one processor, and no more.
func (s share) limit(t *testing.T, of float64) {
	t.Helper()
	every, quota := strconv.FormatInt(period.Microseconds(), 10), strconv.FormatInt(int64(of*float64(period.Microseconds())), 10)
	if !s.old {
		s.write(t, "cpu.max", quota+" "+every)
		return
	}
	s.write(t, "cpu.cfs_period_us", every)
	s.write(t, "cpu.cfs_quota_us", quota)
}

func (s share) write(t *testing.T, file, value string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(s.dir, file), []byte(value), 0); err != nil {
		t.Fatal(err)
	}
}

// takes puts a process into the group.
func (s share) takes(t *testing.T, pid int) {
	t.Helper()
	s.write(t, "cgroup.procs", strconv.Itoa(pid))
}
