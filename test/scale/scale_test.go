package scale

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"playhead/test/cluster"
)

var (
	libsFlag   = flag.String("kafka", "", "the folder of Kafka's jars: tools/kafka.sh")
	binaryFlag = flag.String("binary", "../../bin/playhead", "the binary to measure")
	eventsFlag = flag.Int("events", 1_000_000, "events that processors find in the topic")
	shareFlag  = flag.Float64("share", 0.03, "how much of a processor of the machine each Playhead has")
	playsFlag  = flag.Int("plays", 100_000, "open plays of the partition that is taken over")
	roundsFlag = flag.Int("rounds", 3, "how often it is")
)

const (
	partitions = 8
	topic      = "playhead.events"
	group      = "playhead.processors"
)

var here = cluster.Host{IP: "127.0.0.1"}

func TestMain(m *testing.M) {
	flag.Parse()
	if *libsFlag == "" {
		fmt.Fprintln(os.Stderr, "this measures with a real Kafka: go run ./tools/bench -only scale, or -only takeover")
		os.Exit(1)
	}
	os.Exit(m.Run())
}

func figure(name string, value float64, unit string) {
	fmt.Printf("figure %s %.4g %s\n", name, value, unit)
}

// Events are in the topic before a processor is there, so that nothing but processors
// is in the way. 1, 2, 4 and 8 of them, each with the same small share of a processor
// of the machine, begin at the same beginning; the share is given to them when partitions
// are shared out, and measured is what each partition commits after that, from one of its
// commits to another.
func TestScale(t *testing.T) {
	k := cluster.StartKafka(t, *libsFlag)
	settings := []string{"--partitions", fmt.Sprint(partitions)}
	collector := cluster.NewProcess(t, here, k, *binaryFlag, "collector", "collect", settings...)
	begin(t, collector)
	sent, err := exec.Command(*binaryFlag, "simulate", "--target", "http://"+collector.Address, "--key", collector.Key("write"),
		"--events", fmt.Sprint(*eventsFlag), "--viewers", "20000", "--truth", t.TempDir()+"/truth.json").CombinedOutput()
	if err != nil {
		t.Fatalf("simulate: %v\n%s", err, sent)
	}
	end(t, collector)
	client, err := kgo.NewClient(kgo.SeedBrokers(k.Addresses()...))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	admin := kadm.NewClient(client)
	ends, err := admin.ListEndOffsets(t.Context(), topic)
	if err != nil {
		t.Fatal(err)
	}
	all, last := int64(0), map[int32]int64{}
	ends.Each(func(o kadm.ListedOffset) { all, last[o.Partition] = all+o.Offset, o.Offset })
	fmt.Printf("%d records are in %d partitions of %s\n", all, partitions, topic)
	var one float64
	for _, n := range []int{1, 2, 4, 8} {
		rate := throughput(t, k, admin, n, last, settings)
		if n == 1 {
			one = rate
		}
		figure(fmt.Sprintf("scale.%d.events_per_s", n), rate, "events/s")
		if n > 1 {
			figure(fmt.Sprintf("scale.%d.ratio", n), rate/(float64(n)*one), "ratio")
		}
	}
}

// window is for how long is measured at least, and settle before that.
const (
	settle = time.Second
	window = 10 * time.Second
)

// course is how a partition's commits come: a step of the processor is some thousand
// events of each of its partitions at once, so that a rate is from a commit to a commit.
type course struct {
	commits        int
	from, to       int64
	began, reached time.Time
}

func (c *course) saw(at int64, now time.Time) {
	switch {
	case c.commits == 0:
		c.from, c.to, c.commits = at, at, 1 // it may be long ago: this is no commit that was seen
	case at > c.to && c.commits == 1:
		c.from, c.to, c.began, c.reached, c.commits = at, at, now, now, 2
	case at > c.to:
		c.to, c.reached, c.commits = at, now, c.commits+1
	}
}

// whole reports whether two steps were seen from end to end.
func (c *course) whole() bool { return c.commits >= 4 }

func (c *course) rate() float64 { return float64(c.to-c.from) / c.reached.Sub(c.began).Seconds() }

// throughput has n processors work from the beginning, events a second.
func throughput(t *testing.T, k *cluster.Kafka, admin *kadm.Client, n int, ends map[int32]int64, settings []string) float64 {
	t.Helper()
	var processors []*cluster.Process
	var shares []share
	for i := range n {
		name := fmt.Sprintf("%d-of-%d", i+1, n)
		p, s := cluster.NewProcess(t, here, k, *binaryFlag, "processor "+name, "process", settings...), newShare(t, name)
		processors, shares = append(processors, p), append(shares, s)
		if err := p.Start(); err != nil {
			t.Fatal(err)
		}
		s.takes(t, p.Pid())
	}
	eventually(t, "partitions to be shared out", func() bool {
		for _, p := range processors {
			if gauge(p, "playhead_process_partitions") != float64(partitions/n) {
				return false
			}
		}
		return true
	})
	for _, s := range shares {
		s.limit(t, *shareFlag)
	}
	time.Sleep(settle)
	courses, began := map[int32]*course{}, time.Now()
	eventually(t, "enough commits", func() bool {
		whole := time.Since(began) > window
		for p, at := range committed(t, admin) {
			if at >= ends[p] {
				t.Fatalf("partition %d is done after %s: more -events are needed", p, time.Since(began))
			}
			if courses[p] == nil {
				courses[p] = &course{}
			}
			courses[p].saw(at, time.Now())
			whole = whole && courses[p].whole()
		}
		return whole && len(courses) == partitions
	})
	var rate float64
	for _, c := range courses {
		rate += c.rate()
	}
	for _, p := range processors { // nothing is asked of them any more
		if err := p.Kill(); err != nil {
			t.Fatal(err)
		}
	}
	fmt.Printf("%d processors: %.0f events/s, measured for %s\n", n, rate, time.Since(began).Round(time.Second))
	forget(t, admin)
	return rate
}

// committed is how many events of each partition are done, as the consumer group says.
func committed(t *testing.T, admin *kadm.Client) map[int32]int64 {
	t.Helper()
	offsets, err := admin.FetchOffsets(t.Context(), group)
	if err != nil {
		t.Fatal(err)
	}
	done := map[int32]int64{}
	offsets.Each(func(o kadm.OffsetResponse) { done[o.Partition] = max(0, o.At) })
	return done
}

// forget lets go of what processors did, so that the next begin where these began.
func forget(t *testing.T, admin *kadm.Client) {
	t.Helper()
	for until := time.Now().Add(cluster.Patience); ; time.Sleep(200 * time.Millisecond) { // members are believed in for 6 s
		done, err := admin.DeleteGroups(t.Context(), group)
		if err == nil && done[group].Err == nil {
			break
		}
		if time.Now().After(until) {
			t.Fatalf("the group is not deleted: %v %v", err, done[group].Err)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	names := []string{"playhead.facts", "playhead.state"}
	if _, err := admin.DeleteTopics(ctx, names...); err != nil {
		t.Fatal(err)
	}
	for there := 1; there > 0; time.Sleep(100 * time.Millisecond) {
		list, err := admin.ListTopics(ctx)
		if err != nil {
			t.Fatal(err)
		}
		there = 0
		for _, name := range names {
			if list.Has(name) {
				there++
			}
		}
	}
}

func begin(t *testing.T, list ...*cluster.Process) {
	t.Helper()
	for _, p := range list {
		if err := p.Start(); err != nil {
			t.Fatal(err)
		}
	}
	for _, p := range list {
		if err := p.Ready(); err != nil {
			t.Fatal(err)
		}
	}
}

func end(t *testing.T, list ...*cluster.Process) {
	t.Helper()
	for _, p := range list {
		if err := p.Stop(); err != nil {
			t.Error(err)
		}
	}
}
