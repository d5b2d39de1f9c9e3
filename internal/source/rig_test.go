package source

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"playhead/internal/access"
	"playhead/internal/collect"
	"playhead/internal/event"
	"playhead/internal/eventlog"
	"playhead/internal/privacy"
)

// patience is for what hangs.
const patience = 2 * time.Minute

// until waits for a condition.
func until(t *testing.T, what string, fn func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !fn(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain: %s", what)
		}
	}
}

// memoryLog keeps what was appended; the other methods are not the collector's to call.
type memoryLog struct {
	eventlog.Log
	mu     sync.Mutex
	list   []event.Event
	err    error
	wanted func() // called before each append, outside of the lock
}

func (l *memoryLog) Partitions() int32 { return 4 }

func (l *memoryLog) Append(_ context.Context, _ eventlog.Topic, records []eventlog.Record) error {
	if l.wanted != nil {
		l.wanted()
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.err != nil {
		return l.err
	}
	for _, r := range records {
		var e event.Event
		if _, err := event.DecodeRecord(bytes.Clone(r.Data), &e); err != nil {
			return err
		}
		l.list = append(l.list, e)
	}
	return nil
}

func (l *memoryLog) fail(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.err = err
}

func (l *memoryLog) events() []event.Event {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]event.Event(nil), l.list...)
}

type keyList struct {
	mu   sync.Mutex
	list []access.Key
}

func (k *keyList) List() []access.Key {
	k.mu.Lock()
	defer k.mu.Unlock()
	return append([]access.Key(nil), k.list...)
}

func (k *keyList) Lookup(string) (access.Key, bool) { return access.Key{}, false }

func (k *keyList) add(name string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.list = append(k.list, access.Key{ID: uint32(7 + len(k.list)), Name: name, Kind: access.Write})
}

// rig is a collector in memory that sources deliver to.
type rig struct {
	t        *testing.T
	log      *memoryLog
	keys     *keyList
	tail     *collect.Tail
	ring     *privacy.Ring
	intake   *collect.Collector
	registry *prometheus.Registry
	pressed  func() time.Duration
	out      *lockedBuffer
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

func newRig(t *testing.T) *rig {
	t.Helper()
	ring, err := privacy.OpenRing(t.TempDir(), privacy.Options{})
	if err != nil {
		t.Fatal(err)
	}
	r := &rig{t: t, log: &memoryLog{}, keys: &keyList{}, tail: collect.NewTail(), ring: ring, registry: prometheus.NewRegistry(), out: &lockedBuffer{}}
	r.keys.add("kafka")
	r.intake, err = collect.New(collect.Config{Log: r.log, Ring: ring, Keys: r.keys, Tail: r.tail, Registry: r.registry, Pressed: func() time.Duration {
		if r.pressed == nil {
			return 0
		}
		return r.pressed()
	}})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// load reads a configuration; FILE names are those of files.
func load(t *testing.T, text string, files ...string) (*Config, error) {
	t.Helper()
	folder := t.TempDir()
	for i := 0; i+1 < len(files); i += 2 {
		if err := os.WriteFile(filepath.Join(folder, files[i]), []byte(files[i+1]), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	path := filepath.Join(folder, "source.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return Load(t.Context(), path)
}

// start runs a source until stop is called or the test ends.
func (r *rig) start(c *Config, registry prometheus.Registerer) (s *Source, stop func()) {
	r.t.Helper()
	s, err := New(Options{Config: c, Intake: r.intake, Keys: r.keys, Clock: time.Now, Registry: registry, Logger: slog.New(slog.NewTextHandler(r.out, nil))})
	if err != nil {
		r.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		select {
		case err := <-done:
			if err != nil {
				r.t.Error(err)
			}
		case <-time.After(patience):
			r.t.Error("the source did not stop")
		}
	})
	r.t.Cleanup(stop)
	return s, stop
}

func cluster(t *testing.T, opts ...kfake.Opt) *kfake.Cluster {
	t.Helper()
	c, err := kfake.NewCluster(append([]kfake.Opt{kfake.NumBrokers(1), kfake.GroupMinSessionTimeout(time.Millisecond)}, opts...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func client(t *testing.T, c *kfake.Cluster, opts ...kgo.Opt) *kgo.Client {
	t.Helper()
	cl, err := kgo.NewClient(append([]kgo.Opt{kgo.SeedBrokers(c.ListenAddrs()...), kgo.RecordPartitioner(kgo.ManualPartitioner())}, opts...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cl.Close)
	return cl
}

func produce(t *testing.T, cl *kgo.Client, topic string, values ...[]byte) {
	t.Helper()
	for i, v := range values {
		if err := cl.ProduceSync(t.Context(), &kgo.Record{Topic: topic, Partition: int32(i % 2), Key: []byte("key"), Value: v}).FirstErr(); err != nil {
			t.Fatal(err)
		}
	}
}

// beat is a native event.
func beat(n int, more string) []byte {
	if more != "" {
		more = "," + more
	}
	return fmt.Appendf(nil, `{"type":"heartbeat","time":%d,"viewer_id":"viewer-%d","play_id":"p"%s}`, time.Now().UnixMilli()-1000, n, more)
}

func yamlOf(c *kfake.Cluster, topics string) string {
	return "brokers: [" + strings.Join(c.ListenAddrs(), ", ") + "]\n" + topics
}

// lostCommit answers a commit of offsets with an error that is not tried again.
func lostCommit(req kmsg.Request, lost *atomic.Int64) (kmsg.Response, error, bool) {
	lost.Add(1)
	in := req.(*kmsg.OffsetCommitRequest)
	out := in.ResponseKind().(*kmsg.OffsetCommitResponse)
	for _, topic := range in.Topics {
		at := kmsg.NewOffsetCommitResponseTopic()
		at.Topic, at.TopicID = topic.Topic, topic.TopicID
		for _, p := range topic.Partitions {
			answer := kmsg.NewOffsetCommitResponseTopicPartition()
			answer.Partition, answer.ErrorCode = p.Partition, kerr.InvalidCommitOffsetSize.Code
			at.Partitions = append(at.Partitions, answer)
		}
		out.Topics = append(out.Topics, at)
	}
	return out, nil, true
}
