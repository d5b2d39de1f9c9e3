package kafkalog_test

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"playhead/internal/eventlog"
	"playhead/internal/eventlog/eventlogtest"
	"playhead/internal/eventlog/kafkalog"
	"playhead/test/cluster"
)

// libsVariable names the folder of Kafka's jars; without it a real Kafka is not tried.
const libsVariable = "PLAYHEAD_KAFKA"

// The log passes its suite on a real Kafka, and what it wrote can be read by a tool
// that nobody here wrote.
func TestRealKafka(t *testing.T) {
	libs := os.Getenv(libsVariable)
	if libs == "" {
		t.Skip("SKIPPED: no folder of Kafka's jars in " + libsVariable + "; make test-cluster brings them and runs this")
	}
	k := cluster.StartKafka(t, libs)
	t.Run("conformance", func(t *testing.T) {
		prefixes := map[string]string{}
		eventlogtest.RunShared(t, func(folder, dir string) (eventlogtest.SharedDriver, error) {
			if prefixes[folder] == "" {
				prefixes[folder] = fmt.Sprintf("suite-%d.", len(prefixes))
			}
			l, err := kafkalog.Open(t.Context(), kafkalog.Options{
				Brokers: k.Addresses(), Prefix: prefixes[folder], Partitions: eventlogtest.Partitions, Dir: dir,
			})
			if err != nil {
				return nil, err
			}
			return l, nil
		})
	})
	t.Run("kcat reads it", func(t *testing.T) { strangerReads(t, k) })
	t.Run("a broker is killed under it", func(t *testing.T) { brokerKilled(t, k) })
}

func openLog(t *testing.T, k *cluster.Kafka, prefix string) *kafkalog.Log {
	t.Helper()
	l, err := kafkalog.Open(t.Context(), kafkalog.Options{Brokers: k.Addresses(), Prefix: prefix, Partitions: 2, Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	for p := range l.Partitions() {
		if err := l.Claim(t.Context(), p); err != nil {
			t.Fatal(err)
		}
	}
	return l
}

func strangerReads(t *testing.T, k *cluster.Kafka) {
	l := openLog(t, k, "kcat.")
	records := []eventlog.Record{{Partition: 1, Data: []byte("an event")}, {Partition: 1, Data: []byte("another")}}
	if err := l.Append(t.Context(), eventlog.Events, records); err != nil {
		t.Fatal(err)
	}
	tx := eventlog.Transaction{Partition: 1, To: 2, Output: [][]byte{[]byte("a fact")}, Snapshot: true, State: []eventlog.KV{{Key: []byte("k"), Value: []byte("a state")}}}
	if err := l.Commit(t.Context(), []eventlog.Transaction{tx}); err != nil {
		t.Fatal(err)
	}
	for topic, want := range map[string]string{
		"kcat.events": "1:an event,1:another,", "kcat.facts": "1:a fact,", "kcat.state": "1:a state,",
	} {
		args := []string{"-q", "-b", strings.Join(k.Addresses(), ","), "-C", "-e", "-t", topic, "-o", "beginning", "-X", "isolation.level=read_committed", "-f", "%p:%s,"}
		if topic == "kcat.state" { // without the progress, which is no text
			args[len(args)-1] = "%K:%s,"
		}
		var out []byte
		var err error
		for until := time.Now().Add(time.Minute); ; time.Sleep(100 * time.Millisecond) { // the marker of the commit is on its way
			out, err = exec.Command("kcat", args...).CombinedOutput()
			if strings.Count(string(out), ",") >= strings.Count(want, ",") || time.Now().After(until) {
				break
			}
		}
		if topic == "kcat.state" {
			if !strings.Contains(string(out), "2:a state,") || !strings.Contains(string(out), "1:\x01") {
				t.Errorf("kcat reads %q of %s (%v), want a state and a progress", out, topic, err)
			}
			continue
		}
		if err != nil || string(out) != want {
			t.Errorf("kcat reads %q of %s (%v), want %q", out, topic, err, want)
		}
	}
}

// brokerKilled kills each broker in turn while events are appended and committed:
// whatever was acknowledged is there, once, in order.
func brokerKilled(t *testing.T, k *cluster.Kafka) {
	l := openLog(t, k, "kill.")
	const rounds = 18
	for round := range rounds {
		text := fmt.Sprint(round)
		if round%(rounds/cluster.Brokers) == 1 {
			k.Kill(round / (rounds / cluster.Brokers))
		}
		if round%(rounds/cluster.Brokers) == 4 {
			k.Start(t, round/(rounds/cluster.Brokers))
			k.Wait(t)
		}
		for p := range l.Partitions() {
			commitOnce(t, l, p, int64(round), text)
		}
	}
	for p := range l.Partitions() {
		var got []string
		at := int64(0)
		for until := time.Now().Add(time.Minute); ; {
			next, err := l.Read(t.Context(), eventlog.Facts, eventlog.Cursor{Partition: p, Offset: at}, 1<<20, func(e eventlog.Entry) error {
				got = append(got, string(e.Data))
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			if next == at && (len(got) >= rounds || time.Now().After(until)) {
				break
			}
			at = next
		}
		if len(got) != rounds {
			t.Fatalf("partition %d has %d facts of %d: %v", p, len(got), rounds, got)
		}
		for i, text := range got {
			if text != fmt.Sprint(i) {
				t.Fatalf("partition %d has %s at %d", p, text, i)
			}
		}
	}
}

// commitOnce commits one step as a processor does: what became of a commit that
// failed is known when the partition is claimed again.
func commitOnce(t *testing.T, l *kafkalog.Log, p int32, from int64, fact string) {
	t.Helper()
	until := time.Now().Add(2 * time.Minute)
	for {
		err := l.Commit(t.Context(), []eventlog.Transaction{{Partition: p, From: from, To: from + 1, Output: [][]byte{[]byte(fact)}}})
		if err == nil {
			return
		}
		t.Logf("partition %d, %s: %v", p, fact, err)
		if time.Now().After(until) {
			t.Fatalf("partition %d takes no commit for 2 minutes", p)
		}
		if err := l.Claim(t.Context(), p); err != nil {
			t.Fatal(err)
		}
		progress, err := l.Progress(t.Context(), p)
		if err != nil {
			t.Fatal(err)
		}
		if progress.Committed > from {
			return
		}
	}
}
