package cluster

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"playhead/internal/warehouse/clickhouse/clickhousetest"
)

// Brokers is how many there are.
const Brokers = 3

// Kafka is a cluster whose nodes can be killed and started again.
type Kafka struct {
	libs, folder string
	nodes        [Brokers]node
}

// Host is where a node runs: an address of this machine, in a network namespace of
// that name (below /run/netns) or, without one, in that of the test.
type Host struct{ IP, Namespace string }

// node is a broker that is a controller too.
type node struct {
	properties string
	address    string
	host       Host
	process    *exec.Cmd
	ended      chan error
}

// StartKafka starts a cluster and stops it with the test.
func StartKafka(t *testing.T, libs string) *Kafka {
	t.Helper()
	const local = "127.0.0.1"
	return StartKafkaAt(t, libs, [Brokers]Host{{IP: local}, {IP: local}, {IP: local}})
}

// StartKafkaAt starts a cluster whose nodes are each on a host of its own.
func StartKafkaAt(t *testing.T, libs string, hosts [Brokers]Host) *Kafka {
	t.Helper()
	k := &Kafka{libs: libs, folder: t.TempDir()}
	ports := clickhousetest.FreePorts(t, 2*Brokers)
	var voters []string
	for i, h := range hosts {
		voters = append(voters, fmt.Sprintf("%d@%s:%d", i+1, h.IP, ports[Brokers+i]))
	}
	for i := range k.nodes {
		n := &k.nodes[i]
		n.host, n.address = hosts[i], fmt.Sprintf("%s:%d", hosts[i].IP, ports[i])
		n.properties = filepath.Join(k.folder, fmt.Sprintf("node-%d.properties", i+1))
		lines := []string{
			"process.roles=broker,controller", fmt.Sprintf("node.id=%d", i+1), "controller.quorum.voters=" + strings.Join(voters, ","),
			fmt.Sprintf("listeners=PLAINTEXT://%s,CONTROLLER://%s:%d", n.address, n.host.IP, ports[Brokers+i]),
			"advertised.listeners=PLAINTEXT://" + n.address, "controller.listener.names=CONTROLLER",
			"listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
			fmt.Sprintf("log.dirs=%s/data-%d", k.folder, i+1), "auto.create.topics.enable=false",
			"offsets.topic.replication.factor=3", "offsets.topic.num.partitions=3",
			"transaction.state.log.replication.factor=3", "transaction.state.log.min.isr=2", "transaction.state.log.num.partitions=3",
			"group.initial.rebalance.delay.ms=0", "broker.session.timeout.ms=6000",
			"initial.broker.registration.timeout.ms=240000", // a busy machine starts three at once slowly
		}
		if err := os.WriteFile(n.properties, []byte(strings.Join(lines, "\n")+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		if out, err := k.java("kafka.tools.StorageTool", "format", "--cluster-id", "5L6g3nShT-eMCtK--X86sw", "--config", n.properties).CombinedOutput(); err != nil {
			t.Fatalf("format the folder of a broker: %v\n%s", err, out)
		}
	}
	t.Cleanup(func() {
		for i := range k.nodes {
			k.Kill(i)
		}
		if t.Failed() {
			for i := range k.nodes {
				tail(t, filepath.Join(k.folder, fmt.Sprintf("node-%d.log", i+1)))
			}
		}
	})
	for i := range k.nodes {
		k.Start(t, i)
	}
	k.Wait(t)
	return k
}

func (k *Kafka) java(args ...string) *exec.Cmd {
	return exec.Command("java", k.javaArgs(args)...)
}

func (k *Kafka) javaArgs(args []string) []string {
	return append([]string{"-Xmx320m", "-Xms64m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xshare:auto", "-cp", filepath.Join(k.libs, "*")}, args...)
}

// Command runs a program on a host. It keeps its process id.
func (h Host) Command(program string, args ...string) *exec.Cmd {
	if h.Namespace == "" {
		return exec.Command(program, args...)
	}
	return exec.Command("nsenter", append([]string{"--net=/run/netns/" + h.Namespace, program}, args...)...)
}

// Start starts a node in a process group of its own.
func (k *Kafka) Start(t *testing.T, i int) {
	t.Helper()
	n := &k.nodes[i]
	out, err := os.OpenFile(filepath.Join(k.folder, fmt.Sprintf("node-%d.log", i+1)), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	n.process = n.host.Command("java", k.javaArgs([]string{"kafka.Kafka", n.properties})...)
	n.process.Stdout, n.process.Stderr = out, out
	n.process.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	if err := n.process.Start(); err != nil {
		t.Fatalf("start a broker: %v", err)
	}
	process, ended := n.process, make(chan error, 1)
	n.ended = ended
	go func() { ended <- process.Wait() }()
}

// Kill ends a node at once, as a machine that loses power does.
func (k *Kafka) Kill(i int) {
	n := &k.nodes[i]
	if n.process == nil {
		return
	}
	_ = n.process.Process.Kill() // it may be gone already
	<-n.ended
	n.process = nil
}

// Hang stops a node where it is, as a machine that does nothing for a while; Resume
// has it go on, with all that it believed before.
func (k *Kafka) Hang(i int) error { return k.nodes[i].process.Process.Signal(syscall.SIGSTOP) }

// Resume has a node go on that hangs.
func (k *Kafka) Resume(i int) error { return k.nodes[i].process.Process.Signal(syscall.SIGCONT) }

// Addresses are those of the nodes, HOST:PORT.
func (k *Kafka) Addresses() []string {
	var list []string
	for i := range k.nodes {
		list = append(list, k.nodes[i].address)
	}
	return list
}

// Wait waits until all brokers are in the cluster.
func (k *Kafka) Wait(t *testing.T) {
	t.Helper()
	c, err := kgo.NewClient(kgo.SeedBrokers(k.Addresses()...))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	admin, until := kadm.NewClient(c), time.Now().Add(3*time.Minute)
	for {
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		list, err := admin.ListBrokers(ctx)
		cancel()
		if err == nil && len(list) == Brokers {
			return
		}
		for i := range k.nodes {
			select {
			case err := <-k.nodes[i].ended:
				k.nodes[i].process = nil
				t.Fatalf("broker %d ended: %v", i+1, err)
			default:
			}
		}
		if time.Now().After(until) {
			t.Fatalf("%d of %d brokers are there after 3 minutes: %v", len(list), Brokers, err)
		}
		time.Sleep(200 * time.Millisecond)
	}
}

// tail shows the end of a log file.
func tail(t *testing.T, path string) {
	data, err := os.ReadFile(path)
	if err != nil {
		t.Log(err)
		return
	}
	t.Logf("%s:\n%s", filepath.Base(path), data[max(0, len(data)-4000):])
}
