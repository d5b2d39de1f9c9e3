package chaos

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"playhead/test/cluster"
)

// insideVariable says that this process is in namespaces of its own already; its value
// is why that was not possible, or "yes".
const insideVariable = "PLAYHEAD_CHAOS_INSIDE"

// inside runs this program again in a network and a mount namespace of its own, so that
// whatever it makes is gone with it and nothing is changed on the machine, and returns
// its exit code. It returns false where it runs there already, or cannot.
func inside() (code int, ran bool) {
	if os.Getenv(insideVariable) != "" {
		return 0, false
	}
	why := "yes"
	if err := possible(); err != nil {
		why = err.Error()
	}
	if why != "yes" {
		if err := os.Setenv(insideVariable, why); err != nil {
			return 1, true
		}
		return 0, false
	}
	args := append([]string{"--net", "--mount", "--propagation", "private", os.Args[0]}, os.Args[1:]...)
	cmd := exec.Command("unshare", args...)
	cmd.Env = append(os.Environ(), insideVariable+"="+why)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM}
	err := cmd.Run()
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit):
		return max(exit.ExitCode(), 1), true
	case err != nil:
		fmt.Fprintln(os.Stderr, err)
		return 1, true
	}
	return 0, true
}

// possible tries what the network needs, in namespaces that end at once.
func possible() error {
	const try = "mkdir -p /run/netns && mount -t tmpfs none /run/netns && ip link add bridge type bridge && ip netns add near && " +
		"ip link add port type veth peer name eth0 netns near && ip link set port master bridge up && ip link set dev port type bridge_slave state 0 && nsenter --net=/run/netns/near true"
	out, err := exec.Command("unshare", "--net", "--mount", "--propagation", "private", "sh", "-c", try).CombinedOutput()
	if err != nil {
		return fmt.Errorf("network namespaces cannot be made here (%w: %s); as root, with iproute2 and util-linux", err, strings.TrimSpace(string(out)))
	}
	return nil
}

// network is a bridge in the test's own namespace, with hosts that have a namespace
// each, or, where that is not possible, nothing: every host is this machine then.
type network struct {
	why   string // why there is none
	hosts int
}

func newNetwork(t *testing.T) *network {
	t.Helper()
	n := &network{why: os.Getenv(insideVariable)}
	if n.why != "yes" {
		return n
	}
	n.why = ""
	for _, line := range []string{
		"mkdir -p /run/netns", "mount -t tmpfs none /run/netns", "ip link set lo up",
		"ip link add bridge type bridge", "ip addr add 10.213.0.1/24 dev bridge", "ip link set bridge up",
	} {
		run(t, line)
	}
	return n
}

func run(t *testing.T, line string) {
	t.Helper()
	words := strings.Fields(line)
	if out, err := exec.Command(words[0], words[1:]...).CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", line, err, out)
	}
}

// host is a new one.
func (n *network) host(t *testing.T) cluster.Host {
	t.Helper()
	if n.why != "" {
		return cluster.Host{IP: "127.0.0.1"}
	}
	n.hosts++
	h := cluster.Host{IP: fmt.Sprintf("10.213.0.%d", 10+n.hosts), Namespace: fmt.Sprintf("host%d", n.hosts)}
	in := "nsenter --net=/run/netns/" + h.Namespace + " "
	for _, line := range []string{
		"ip netns add " + h.Namespace,
		"ip link add " + h.Namespace + " type veth peer name eth0 netns " + h.Namespace,
		"ip link set " + h.Namespace + " master bridge up",
		in + "ip link set lo up", in + "ip addr add " + h.IP + "/24 dev eth0", in + "ip link set eth0 up",
	} {
		run(t, line)
	}
	return h
}

// cut keeps every packet from and to a host, silently, as a broken switch does; join
// lets them pass again.
func (n *network) cut(h cluster.Host) error  { return forward(h, "0") }
func (n *network) join(h cluster.Host) error { return forward(h, "3") }

func forward(h cluster.Host, state string) error {
	out, err := exec.Command("ip", "link", "set", "dev", h.Namespace, "type", "bridge_slave", "state", state).CombinedOutput()
	if err != nil {
		return fmt.Errorf("change the port of %s: %w: %s", h.Namespace, err, out)
	}
	return nil
}
