package kafkalog_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"playhead/internal/eventlog"
	"playhead/internal/eventlog/kafkalog"
)

func client(t *testing.T, brokers []string, opts ...kgo.Opt) *kgo.Client {
	t.Helper()
	c, err := kgo.NewClient(append(opts, kgo.SeedBrokers(brokers...))...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func open(t *testing.T, o kafkalog.Options) *kafkalog.Log {
	t.Helper()
	l, err := kafkalog.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	return l
}

func TestTopicsThatDoNotSuitAreRefused(t *testing.T) {
	brokers := fakeCluster(t)
	admin := kadm.NewClient(client(t, brokers))
	text := func(s string) *string { return &s }
	for name, test := range map[string]struct {
		topic  string
		config map[string]*string
		parts  int32
		want   string
	}{
		"compacted facts":   {"facts", map[string]*string{"cleanup.policy": text("compact"), "message.timestamp.type": text("LogAppendTime")}, 4, "cleanup.policy=compact; it must be delete"},
		"times of clients":  {"events", map[string]*string{"message.timestamp.type": text("CreateTime")}, 4, "message.timestamp.type=CreateTime; it must be LogAppendTime"},
		"state that goes":   {"state", map[string]*string{"cleanup.policy": text("delete")}, 4, "cleanup.policy=delete; it must be compact"},
		"small records":     {"facts", map[string]*string{"max.message.bytes": text("1000000"), "message.timestamp.type": text("LogAppendTime")}, 4, "max.message.bytes=1000000"},
		"another partition": {"events", map[string]*string{"message.timestamp.type": text("LogAppendTime")}, 3, "has 3 partitions, not 4: set partitions"},
	} {
		t.Run(name, func(t *testing.T) {
			prefix := strings.ReplaceAll(name, " ", "-") + "."
			if _, err := admin.CreateTopic(t.Context(), test.parts, 1, test.config, prefix+test.topic); err != nil {
				t.Fatal(err)
			}
			l, err := kafkalog.Open(t.Context(), kafkalog.Options{Brokers: brokers, Prefix: prefix, Partitions: 4})
			if err == nil {
				_ = l.Close()
			}
			if !errors.Is(err, kafkalog.ErrTopic) || !strings.Contains(err.Error(), prefix+test.topic+" has "+strings.TrimPrefix(test.want, "has ")) {
				t.Fatalf("error is %v, want %q of %s", err, test.want, prefix+test.topic)
			}
		})
	}
}

func TestNobodyAnswers(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	if _, err := kafkalog.Open(ctx, kafkalog.Options{Brokers: []string{"127.0.0.1:1"}}); err == nil || !strings.Contains(err.Error(), "127.0.0.1:1") {
		t.Fatalf("error is %v, want one that names the broker", err)
	}
}

// What a process had under way when another claimed its partition is nobody's to
// read, and what was committed before is all there is.
func TestTransactionUnderWayIsOver(t *testing.T) {
	brokers := fakeCluster(t)
	a := open(t, kafkalog.Options{Brokers: brokers, Dir: t.TempDir()})
	if err := a.Claim(t.Context(), 0); err != nil {
		t.Fatal(err)
	}
	if err := (again{a}).Commit(t.Context(), []eventlog.Transaction{{To: 3, Output: [][]byte{[]byte("committed")}}}); err != nil {
		t.Fatal(err)
	}
	// As a process that was stopped between its writes and its commit.
	zombie := client(t, brokers, kgo.TransactionalID("playhead.processors-0"), kgo.RecordPartitioner(kgo.ManualPartitioner()))
	if err := zombie.BeginTransaction(); err != nil {
		t.Fatal(err)
	}
	for _, topic := range []string{"playhead.facts", "playhead.state"} {
		if err := zombie.ProduceSync(t.Context(), &kgo.Record{Topic: topic, Key: []byte{0}, Value: []byte("half")}).FirstErr(); err != nil {
			t.Fatal(err)
		}
	}
	b := open(t, kafkalog.Options{Brokers: brokers, Dir: t.TempDir()})
	if err := b.Claim(t.Context(), 0); err != nil {
		t.Fatal(err)
	}
	if p, err := b.Progress(t.Context(), 0); err != nil || p.Committed != 3 {
		t.Fatalf("progress is %+v, %v; want 3", p, err)
	}
	if err := (again{b}).Commit(t.Context(), []eventlog.Transaction{{From: 3, To: 4, Output: [][]byte{[]byte("goes on")}}}); err != nil {
		t.Fatal(err)
	}
	if err := zombie.EndTransaction(t.Context(), kgo.TryCommit); err == nil {
		t.Fatal("a fenced process committed")
	}
	var texts []string
	next, err := b.Read(t.Context(), eventlog.Facts, eventlog.Cursor{}, 1<<20, func(e eventlog.Entry) error {
		texts = append(texts, string(e.Data))
		return nil
	})
	if _, end, errEnd := b.Bounds(t.Context(), eventlog.Facts, 0); err != nil || errEnd != nil || next > end || strings.Join(texts, ", ") != "committed, goes on" {
		t.Fatalf("read %q up to %d of %d, %v %v", texts, next, end, err, errEnd)
	}
	// The group's offset is there for those who look at lag.
	offsets, err := kadm.NewClient(client(t, brokers)).FetchOffsets(t.Context(), "playhead.processors")
	if err != nil {
		t.Fatal(err)
	}
	if o, ok := offsets.Lookup("playhead.events", 0); !ok || o.At != 4 {
		t.Fatalf("the group's offset is %+v, want 4", o)
	}
}
