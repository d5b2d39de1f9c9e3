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
	eventsFlag = flag.Int("events", 2_000_000, "events that processors find in the topic")
	shareFlag  = flag.Float64("share", 0.1, "how much of a processor of the machine each Playhead has")
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
// of the machine, begin at the same beginning; measured is how long they take together for as many events.
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

// Measured are so many events of all partitions together, after some that whoever begins
// needs to find its pace. All partitions have work until after the last of them.
const (
	warmEvents     = 50_000
	measuredEvents = 320_000
)

// course is how commits come, of all partitions together: a step of a processor is some
// thousand events at once, so that what lies between two commits is taken to have been
// done evenly.
type course struct {
	from, to       int64
	at             int64 // of the last commit
	when           time.Time
	began, reached time.Time
}

func (c *course) saw(at int64, now time.Time) {
	if at <= c.at {
		return
	}
	passes := func(offset int64) time.Time {
		return c.when.Add(time.Duration(float64(now.Sub(c.when)) * float64(offset-c.at) / float64(at-c.at)))
	}
	if c.at < c.from && at >= c.from {
		c.began = passes(c.from)
	}
	if c.at < c.to && at >= c.to {
		c.reached = passes(c.to)
	}
	c.at, c.when = at, now
}

func (c *course) rate() float64 { return float64(c.to-c.from) / c.reached.Sub(c.began).Seconds() }

// throughput has n processors work from the beginning, events a second.
func throughput(t *testing.T, k *cluster.Kafka, admin *kadm.Client, n int, ends map[int32]int64, settings []string) float64 {
	t.Helper()
	var processors []*cluster.Process
	for i := range n {
		name := fmt.Sprintf("%d-of-%d", i+1, n)
		p, s := cluster.NewProcess(t, here, k, *binaryFlag, "processor "+name, "process", settings...), newShare(t, name)
		processors = append(processors, p)
		s.limit(t, *shareFlag)
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
	began := time.Now()
	var c *course
	eventually(t, "the events that are measured", func() bool {
		sum := int64(0)
		for p, at := range committed(t, admin) {
			if at >= ends[p] {
				t.Fatalf("partition %d is done after %s: more -events are needed", p, time.Since(began))
			}
			sum += at
		}
		if c == nil {
			c = &course{at: sum, when: time.Now(), from: sum + warmEvents, to: sum + warmEvents + measuredEvents}
		}
		c.saw(sum, time.Now())
		return !c.reached.IsZero()
	})
	rate := c.rate()
	for _, p := range processors { // nothing is asked of them any more
		if err := p.Kill(); err != nil {
			t.Fatal(err)
		}
	}
	fmt.Printf("%d processors: %.0f events/s, from %d on, measured for %s\n", n, rate, c.from, c.reached.Sub(c.began).Round(time.Millisecond))
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
