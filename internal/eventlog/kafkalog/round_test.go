package kafkalog_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"math/rand/v2"
	"regexp"
	"strconv"
	"testing"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"playhead/internal/eventlog"
	"playhead/internal/eventlog/kafkalog"
)

// owner is a process that has partition 0, and what it says.
type owner struct {
	*kafkalog.Log
	t   *testing.T
	out *bytes.Buffer
}

func newOwner(t *testing.T, brokers []string, dir string) *owner {
	t.Helper()
	o := &owner{t: t, out: &bytes.Buffer{}}
	o.Log = open(t, kafkalog.Options{Brokers: brokers, Partitions: 1, Dir: dir, Logger: slog.New(slog.NewTextHandler(o.out, nil))})
	return o
}

var saysRead = regexp.MustCompile(`claimed a partition.* state_records=(\d+)`)

// take claims the partition and returns how many records of states were read for that.
func (o *owner) take() int {
	o.t.Helper()
	o.out.Reset()
	if err := o.Claim(o.t.Context(), 0); err != nil {
		o.t.Fatal(err)
	}
	m := saysRead.FindStringSubmatch(o.out.String())
	if m == nil {
		o.t.Fatalf("it does not say what it read: %s", o.out)
	}
	n, _ := strconv.Atoi(m[1])
	return n
}

// has holds the state to what it must be.
func (o *owner) has(want map[string]string) {
	o.t.Helper()
	got := map[string]string{}
	err := o.ScanState(o.t.Context(), 0, nil, func(key, value []byte) error {
		got[string(key)] = string(value)
		return nil
	})
	if err != nil {
		o.t.Fatal(err)
	}
	if maps.Equal(got, want) {
		return
	}
	for k, v := range want {
		if got[k] != v {
			o.t.Errorf("state %s is %q, want %q", k, got[k], v)
		}
	}
	o.t.Fatalf("%d states, want %d", len(got), len(want))
}

// story is what is written, and what must be there then.
type story struct {
	rnd  *rand.Rand
	at   int64
	want map[string]string
}

// step changes some states of those below a number, or deletes a share of them.
func (s *story) step(o *owner, changes, below int, deleted float64) error {
	tx := eventlog.Transaction{From: s.at, To: s.at + 1, Snapshot: true}
	after := map[string]string{}
	for range changes {
		k := fmt.Sprintf("%c%05d", 'a'+byte(s.rnd.IntN(3)), s.rnd.IntN(below))
		kv := eventlog.KV{Key: []byte(k)}
		if after[k] = ""; s.rnd.Float64() >= deleted {
			after[k] = fmt.Sprintf("%d of %d", len(after), s.at)
			kv.Value = []byte(after[k])
		}
		tx.State = append(tx.State, kv)
	}
	if err := o.Commit(o.t.Context(), []eventlog.Transaction{tx}); err != nil {
		return err
	}
	s.at++
	for k, v := range after {
		if v == "" {
			delete(s.want, k)
		} else {
			s.want[k] = v
		}
	}
	return nil
}

func (s *story) steps(o *owner, n, changes, below int, deleted float64) {
	o.t.Helper()
	for range n {
		err := s.step(o, changes, below, deleted)
		for again := 0; errors.Is(err, kerr.OutOfOrderSequenceNumber) && again < 3; again++ {
			o.take() // as in the conformance suite on this broker: see again
			err = s.step(o, changes, below, deleted)
		}
		if err != nil {
			o.t.Fatal(err)
		}
	}
}

func newStory(seed uint64) *story {
	return &story{rnd: rand.New(rand.NewPCG(seed, seed)), want: map[string]string{}}
}

// However often states were written, and how few of them, who takes the partition over
// reads little more than twice what there is, and what is written for that is no more
// than what changes.
func TestRestoreReadsWhatIsAlive(t *testing.T) {
	for name, test := range map[string]struct {
		hot     int // of 3 × 1,000 keys
		deleted float64
	}{"all change": {1000, 0}, "one in ten changes": {100, 0}, "one in a hundred changes": {10, 0}, "many come and go": {1000, 0.4}} {
		t.Run(name, func(t *testing.T) {
			brokers, s := fakeCluster(t), newStory(1)
			first := newOwner(t, brokers, t.TempDir())
			first.take()
			s.steps(first, 30, 500, 1000, 0) // 95 % of the keys
			const steps, changes = 250, 200
			s.steps(first, steps, changes, test.hot, test.deleted)
			written := 30*500 + steps*changes
			next := newOwner(t, brokers, t.TempDir())
			read := next.take()
			next.has(s.want)
			ends, err := kadm.NewClient(client(t, brokers)).ListEndOffsets(t.Context(), "playhead.state")
			if err != nil {
				t.Fatal(err)
			}
			end, _ := ends.Lookup("playhead.state", 0)
			t.Logf("%d states, %d changes written in %d records, %d read", len(s.want), written, end.Offset, read)
			if most := 2*max(len(s.want), 1000) + 4*(changes+10); read > most {
				t.Errorf("%d records were read for %d states", read, len(s.want))
			}
			if most := int64(written) * 9 / 4; end.Offset > most {
				t.Errorf("%d changes are %d records", written, end.Offset)
			}
			s.steps(next, 3, changes, test.hot, test.deleted)
			next.has(s.want)
		})
	}
}

// Owners follow each other as it comes: with the copy of before, an old one, or none;
// those that were robbed try to go on. Each finds what was committed.
func TestOwnersFollowEachOther(t *testing.T) {
	for seed := range uint64(4) {
		brokers, s := fakeCluster(t), newStory(seed)
		owners := []*owner{newOwner(t, brokers, t.TempDir()), newOwner(t, brokers, t.TempDir()), newOwner(t, brokers, t.TempDir())}
		for range 25 {
			if s.rnd.IntN(4) == 0 {
				owners[s.rnd.IntN(len(owners))] = newOwner(t, brokers, t.TempDir())
			}
			i := s.rnd.IntN(len(owners))
			owners[i].take()
			owners[i].has(s.want)
			if p, err := owners[i].Progress(t.Context(), 0); err != nil || p.Committed != s.at {
				t.Fatalf("progress is %+v, %v; want %d", p, err, s.at)
			}
			s.steps(owners[i], s.rnd.IntN(20), 1+s.rnd.IntN(800), 20+s.rnd.IntN(1000), s.rnd.Float64()/2)
			for j := range owners {
				if j != i && s.step(owners[j], 3, 1000, 0) == nil {
					t.Fatal("who was robbed of the partition committed")
				}
			}
		}
	}
}

// A copy that is older than the base does not keep what was deleted since.
func TestOldCopyIsMadeAnew(t *testing.T) {
	brokers, s := fakeCluster(t), newStory(2)
	a, b := newOwner(t, brokers, t.TempDir()), newOwner(t, brokers, t.TempDir())
	a.take()
	s.steps(a, 10, 500, 1000, 0)
	b.take()
	s.steps(b, 40, 500, 1000, 0.8)
	s.steps(b, 100, 200, 1000, 0)
	if read := a.take(); read > 3*len(s.want) {
		t.Errorf("%d records were read for %d states", read, len(s.want))
	}
	a.has(s.want)
}

// A topic of a build that knew of no base is read whole, as is one that such a build has
// written to since; and what is said of another topic, of which this is a copy, is of no
// use here.
func TestTopicWithoutBase(t *testing.T) {
	brokers, s := fakeCluster(t), newStory(3)
	a := newOwner(t, brokers, t.TempDir())
	// As the builds before this one: states, and a progress without a header.
	write := func(states map[string]string, headers ...kgo.RecordHeader) {
		t.Helper()
		old := client(t, brokers, kgo.TransactionalID("playhead.processors-0"), kgo.RecordPartitioner(kgo.ManualPartitioner()))
		if err := old.BeginTransaction(); err != nil {
			t.Fatal(err)
		}
		s.at++
		progress := binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64([]byte{1}, uint64(s.at)), uint64(s.at))
		var records []*kgo.Record
		for k, v := range states {
			records = append(records, &kgo.Record{Topic: "playhead.state", Key: append([]byte{1}, k...), Value: []byte(v)})
			s.want[k] = v
		}
		records = append(records, &kgo.Record{Topic: "playhead.state", Key: []byte{0}, Value: progress, Headers: headers})
		if err := old.ProduceSync(t.Context(), records...).FirstErr(); err != nil {
			t.Fatal(err)
		}
		if err := old.EndTransaction(t.Context(), kgo.TryCommit); err != nil {
			t.Fatal(err)
		}
		old.Close()
	}
	for i := range 40 {
		states := map[string]string{}
		for k := range 400 {
			states[fmt.Sprintf("a%05d", k*(1+i%2))] = fmt.Sprint(i, " ", k)
		}
		write(states)
	}
	if read := a.take(); read < 16_000 {
		t.Errorf("%d of 16,000 records were read: how did it know which?", read)
	}
	a.has(s.want)
	s.steps(a, 60, 200, 100, 0) // it finds a base of its own
	b := newOwner(t, brokers, t.TempDir())
	if read := b.take(); read > 5000 {
		t.Errorf("%d records were read for %d states", read, len(s.want))
	}
	b.has(s.want)
	write(map[string]string{"old": "build"})
	c := newOwner(t, brokers, t.TempDir())
	if read := c.take(); read < 28_000 {
		t.Errorf("%d of 28,000 records were read: how did it know which?", read)
	}
	c.has(s.want)
	// A base that skips almost all, of another topic.
	base := append(make([]byte, 16), 1)
	for _, n := range []uint64{20_000, 10, 20_000, 0} {
		base = binary.BigEndian.AppendUint64(base, n)
	}
	write(map[string]string{"copied": "topic"}, kgo.RecordHeader{Key: "base", Value: base})
	d := newOwner(t, brokers, t.TempDir())
	d.take()
	d.has(s.want)
}
