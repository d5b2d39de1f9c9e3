package clickhousetest

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"
)

// ClusterNeeded is the variable that has tests of a cluster run, as Needed does those
// of a server.
const ClusterNeeded = "PLAYHEAD_CLICKHOUSE_CLUSTER"

// ClusterName is what remote_servers calls a cluster.
const ClusterName = "tests"

// zookeeperJar is where Debian's package has it; it names the jars that it needs.
const zookeeperJar = "/usr/share/java/zookeeper.jar"

// Cluster is a ClickHouse of several servers, and the ZooKeepers that it needs.
type Cluster struct {
	Shards  [][]*Server // each a shard's replicas
	Keepers []*Keeper
}

// Keeper is a running ZooKeeper.
type Keeper struct {
	daemon
	addr string // of clients
}

// StartCluster starts a cluster of shards with some replicas each, and ZooKeepers, stopped when the test ends. The test is skipped unless ClusterNeeded is set.
func StartCluster(t *testing.T, shards, replicas, keepers int) *Cluster {
	t.Helper()
	if os.Getenv(ClusterNeeded) == "" {
		t.Skip("SKIPPED: it takes a ClickHouse cluster of its own; make test ONLY=clickhouse-cluster, or set " + ClusterNeeded + "=1")
	}
	if _, err := os.Stat(zookeeperJar); err != nil {
		t.Fatalf("%v; apt-get install zookeeper", err)
	}
	const tries = 3
	for try := 1; ; try++ {
		c, err := startCluster(t, shards, replicas, keepers)
		if err == nil {
			return c
		}
		if try == tries {
			t.Fatal(err)
		}
		t.Logf("a cluster did not start, and another is, with ports of its own: %v", err)
		c.Stop()
	}
}

// startCluster starts a cluster; with an error, what of it was started. All ports are
// chosen at once, so that none is given to two.
func startCluster(t *testing.T, shards, replicas, keepers int) (*Cluster, error) {
	t.Helper()
	c, p := &Cluster{}, FreePorts(t, portsPerKeeper*keepers+portsPerServer*shards*replicas)
	if err := c.startKeepers(t, keepers, p[:portsPerKeeper*keepers]); err != nil {
		return c, err
	}
	p = p[portsPerKeeper*keepers:]
	var nodes, names strings.Builder
	for i, k := range c.Keepers {
		_, port, _ := net.SplitHostPort(k.addr) // it is one of ours
		fmt.Fprintf(&nodes, `<node index="%d"><host>127.0.0.1</host><port>%s</port></node>`, i+1, port)
	}
	for range shards {
		var list []*Server
		names.WriteString("<shard><internal_replication>true</internal_replication>")
		for range replicas {
			s := newServer(t, p)
			p = p[portsPerServer:]
			fmt.Fprintf(&names, "<replica><host>127.0.0.1</host><port>%d</port></replica>", s.ports.tcp)
			list = append(list, s)
		}
		names.WriteString("</shard>")
		c.Shards = append(c.Shards, list)
	}
	extra := fmt.Sprintf(`<zookeeper>%s<session_timeout_ms>6000</session_timeout_ms></zookeeper>
  <remote_servers><%[2]s>%[3]s</%[2]s></remote_servers>
  <merge_tree><zookeeper_session_expiration_check_period>2</zookeeper_session_expiration_check_period></merge_tree>`, nodes.String(), ClusterName, names.String())
	for _, s := range c.Servers() {
		s.extra = extra
		s.Begin()
	}
	for _, s := range c.Servers() {
		if err := s.up(s.Addr); err != nil {
			return c, err
		}
	}
	return c, nil
}

// Stop stops what of the cluster runs.
func (c *Cluster) Stop() {
	for _, s := range c.Servers() {
		s.Stop()
	}
	for _, k := range c.Keepers {
		k.Stop()
	}
}

// Servers are all servers of the cluster.
func (c *Cluster) Servers() (list []*Server) {
	for _, replicas := range c.Shards {
		list = append(list, replicas...)
	}
	return list
}

// URL is the address of a database of the cluster.
func (c *Cluster) URL(database string) string {
	var hosts []string
	for _, s := range c.Servers() {
		hosts = append(hosts, s.Addr)
	}
	return "clickhouse://" + strings.Join(hosts, ",") + "/" + database + "?cluster=" + ClusterName
}

// portsPerKeeper is how many ports a ZooKeeper takes: of clients, of the others and of elections.
const portsPerKeeper = 3

func (c *Cluster) startKeepers(t *testing.T, n int, p []int) error {
	t.Helper()
	java, err := exec.LookPath("java")
	if err != nil {
		t.Fatalf("%v; apt-get install default-jre-headless", err)
	}
	var peers strings.Builder
	for i := range n {
		if n == 1 {
			break // it stands alone
		}
		fmt.Fprintf(&peers, "server.%d=127.0.0.1:%d:%d\n", i+1, p[n+i], p[2*n+i])
	}
	for i := range n {
		k := &Keeper{daemon: daemon{t: t, name: "ZooKeeper", dir: t.TempDir()}, addr: fmt.Sprintf("127.0.0.1:%d", p[i])}
		config := fmt.Sprintf("tickTime=500\ninitLimit=40\nsyncLimit=20\ndataDir=%s\nclientPort=%d\nclientPortAddress=127.0.0.1\nadmin.enableServer=false\n4lw.commands.whitelist=srvr,ruok\n%s", k.dir, p[i], peers.String())
		if err := os.WriteFile(k.file("zoo.cfg"), []byte(config), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(k.file("myid"), fmt.Appendln(nil, i+1), 0o600); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(k.Stop)
		c.Keepers = append(c.Keepers, k)
		k.start(java)
	}
	for _, k := range c.Keepers {
		if err := k.up(k.addr); err != nil {
			return err
		}
	}
	return c.keepersReady(t)
}

// start starts the ZooKeeper. What it says goes to its own folder; without the log of
// its disk being forced, it is as fast as tests need, and a killed process loses nothing.
func (k *Keeper) start(java string) {
	k.begin(java, "-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Dzookeeper.forceSync=no",
		"-cp", zookeeperJar+":/usr/share/java/slf4j-simple.jar", "org.apache.zookeeper.server.quorum.QuorumPeerMain", k.file("zoo.cfg"))
}

// Run starts the ZooKeeper again.
func (k *Keeper) Run() {
	k.t.Helper()
	java, err := exec.LookPath("java")
	if err != nil {
		k.t.Fatal(err)
	}
	k.start(java)
}

// Leader is the ZooKeeper that leads, nil for none at the moment.
func (c *Cluster) Leader() *Keeper {
	for _, k := range c.Keepers {
		if k.Runs() && slices.Contains([]string{"leader", "standalone"}, k.mode()) {
			return k
		}
	}
	return nil
}

// mode is what the ZooKeeper is to the others; "" when it serves nobody.
func (k *Keeper) mode() string {
	conn, err := net.DialTimeout("tcp", k.addr, time.Second)
	if err != nil {
		return ""
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(2 * time.Second)) // of a socket that is open
	if _, err := conn.Write([]byte("srvr")); err != nil {
		return ""
	}
	var text bytes.Buffer
	if _, err := text.ReadFrom(conn); err != nil {
		return ""
	}
	_, mode, _ := strings.Cut(text.String(), "Mode: ")
	mode, _, _ = strings.Cut(mode, "\n")
	return mode
}

// AwaitKeepers waits until there is a leader and all that run serve.
func (c *Cluster) AwaitKeepers(t *testing.T) {
	t.Helper()
	if err := c.keepersReady(t); err != nil {
		t.Fatal(err)
	}
}

func (c *Cluster) keepersReady(t *testing.T) error {
	t.Helper()
	// Tries are counted, and no time, which goes by for a test that is stopped as well.
	const tries, pause = 1800, 100 * time.Millisecond
	for range tries {
		ready := c.Leader() != nil
		for _, k := range c.Keepers {
			ready = ready && (!k.Runs() || k.mode() != "")
		}
		if ready {
			return nil
		}
		time.Sleep(pause)
	}
	for i, k := range c.Keepers {
		t.Logf("ZooKeeper %d runs: %v, is %q:\n%s", i+1, k.Runs(), k.mode(), k.log())
	}
	return errors.New("the ZooKeepers find no leader")
}
