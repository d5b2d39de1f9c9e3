package source

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"playhead/internal/collect"
	"playhead/internal/event"
	"playhead/internal/eventlog"
)

const onePlain = `topics: [{name: plays, format: json, key: kafka}]`

func TestNativeAndMappedJSON(t *testing.T) {
	t.Parallel()
	c := cluster(t, kfake.SeedTopics(2, "plays", "legacy"))
	cl := client(t, c)
	r := newRig(t)
	config, err := load(t, yamlOf(c, `
group: readers
topics:
  - {name: plays, format: json, key: kafka}
  - name: legacy
    format: json
    key: kafka
    map:
      fields:
        type: {path: action, values: {beat: heartbeat}, skip: [noise]}
        time: kafka.timestamp
        viewer_id: kafka.key
        play_id: session
        title_id: kafka.headers.title
        position_ms: {path: pos, unit: s}
`))
	if err != nil {
		t.Fatal(err)
	}
	produce(t, cl, "plays", beat(1, ""), beat(2, `"id":"own"`))
	produced := time.Now().UnixMilli()
	for _, v := range []string{`{"action":"beat","session":"s","pos":12.5}`, `{"action":"noise"}`} {
		rec := &kgo.Record{Topic: "legacy", Key: []byte("anna"), Value: []byte(v), Headers: []kgo.RecordHeader{{Key: "title", Value: []byte("t-1")}}}
		if err := cl.ProduceSync(t.Context(), rec).FirstErr(); err != nil {
			t.Fatal(err)
		}
	}
	s, _ := r.start(config, r.registry)
	until(t, "three events", func() bool { return len(r.log.events()) == 3 })
	found := false
	for _, e := range r.log.events() {
		if e.Format != event.FormatKafka || e.KeyID != 7 || !e.Known {
			t.Errorf("%+v", e)
		}
		if e.Viewer == r.ring.Viewer("anna") {
			found = e.TitleID == "t-1" && e.PositionMS == 12_500 && e.Time >= produced-60_000 && e.Time <= time.Now().UnixMilli()
		}
	}
	if !found {
		t.Errorf("the mapped event is not as mapped: %+v", r.log.events())
	}
	until(t, "no lag, and four records", func() bool {
		st := s.Status()
		return st.State == Reading && st.Topics[0].Lag+st.Topics[1].Lag == 0 && st.Topics[0].Records+st.Topics[1].Records == 4 && st.Topics[0].Partitions == 2
	})
	figures := gathered(t, r.registry)
	for name, want := range map[string]float64{
		"playhead_source_records_total taken plays": 2, "playhead_source_records_total taken legacy": 2, "playhead_source_lag_records plays": 0,
		"playhead_collect_events_total kafka kafka accepted": 3, "playhead_collect_ignored_total kafka kafka left_out_by_mapping": 1,
		"playhead_source_state reading": 1, "playhead_source_state trouble": 0, "playhead_source_partitions legacy": 2,
	} {
		if got, ok := figures[name]; !ok || got != want {
			t.Errorf("%s is %v, want %v", name, got, want)
		}
	}
}

// What cannot be used is counted, shown with its place and put aside, and stops
// nothing.
func TestPoison(t *testing.T) {
	t.Parallel()
	c := cluster(t, kfake.SeedTopics(1, "plays", "dead"))
	cl := client(t, c)
	r := newRig(t)
	entries, stop := r.tail.Subscribe(collect.Filter{Result: "rejected"})
	defer stop()
	config, err := load(t, yamlOf(c, `topics: [{name: plays, format: json, key: kafka, dead_letter: dead}]`))
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range [][]byte{beat(1, ""), []byte("no JSON"), beat(2, `"position_ms":"far"`), nil, []byte(strings.Repeat("[", 100)), beat(3, "")} {
		if err := cl.ProduceSync(t.Context(), &kgo.Record{Topic: "plays", Value: v}).FirstErr(); err != nil {
			t.Fatal(err)
		}
	}
	s, _ := r.start(config, r.registry)
	until(t, "two events", func() bool { return len(r.log.events()) == 2 })
	for _, want := range []string{"offset 1", "offset 2", "offset 4"} {
		e := <-entries
		if e.Key != "kafka" || e.Format != "kafka" || e.Origin != "topic plays, partition 0, "+want {
			t.Errorf("%+v, want %s", e, want)
		}
	}
	dead := client(t, c, kgo.ConsumeTopics("dead"), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	var letters []*kgo.Record
	until(t, "three dead letters", func() bool {
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		letters = append(letters, dead.PollFetches(ctx).Records()...)
		return len(letters) == 3
	})
	headers := map[string]string{}
	for _, h := range letters[1].Headers {
		headers[h.Key] = string(h.Value)
	}
	if headers["playhead.offset"] != "2" || headers["playhead.field"] != "position_ms" || headers["playhead.code"] != "invalid" || !strings.Contains(string(letters[1].Value), "far") {
		t.Errorf("%v %s", headers, letters[1].Value)
	}
	until(t, "counts", func() bool {
		st := s.Status().Topics[0]
		return st.Records == 6 && st.Rejected == 3
	})
}

// A process that is killed between the append and the commit gets its records
// again: they have the ids they had.
func TestWhatComesAgainIsTheSame(t *testing.T) {
	t.Parallel()
	c := cluster(t, kfake.SeedTopics(2, "plays"))
	cl := client(t, c)
	r := newRig(t)
	produce(t, cl, "plays", beat(1, ""), beat(2, ""), beat(3, `"id":"own"`), append(append([]byte("["), beat(4, "")...), append([]byte(","), append(beat(4, ""), ']')...)...))
	config, err := load(t, yamlOf(c, onePlain))
	if err != nil {
		t.Fatal(err)
	}
	// Nothing is committed: every commit is answered with an error.
	var lost atomic.Int64
	c.ControlKey(8, func(req kmsg.Request) (kmsg.Response, error, bool) {
		c.KeepControl()
		return lostCommit(req, &lost)
	})
	_, stop := r.start(config, nil)
	until(t, "five events", func() bool { return len(r.log.events()) == 5 })
	stop()
	if lost.Load() == 0 {
		t.Fatal("no commit was tried")
	}
	_, stop = r.start(config, nil)
	until(t, "five events once more", func() bool { return len(r.log.events()) == 10 })
	stop()
	ids := map[event.Ref]int{}
	for _, e := range r.log.events() {
		ids[e.ID]++
	}
	if len(ids) != 5 {
		t.Fatalf("%d ids of five events that came twice", len(ids))
	}
	for id, n := range ids {
		if n != 2 {
			t.Errorf("%v came %d times", id, n)
		}
	}
}

// Offsets are committed behind what is durable: nothing is read twice by the next
// one, and nothing is missed that the log did not take.
func TestCommitsFollowAppends(t *testing.T) {
	t.Parallel()
	c := cluster(t, kfake.SeedTopics(2, "plays"))
	cl := client(t, c)
	r := newRig(t)
	config, err := load(t, yamlOf(c, onePlain))
	if err != nil {
		t.Fatal(err)
	}
	produce(t, cl, "plays", beat(1, ""), beat(2, ""))
	s, stop := r.start(config, nil)
	until(t, "two events", func() bool { return len(r.log.events()) == 2 })
	r.log.fail(eventlog.ErrFull)
	produce(t, cl, "plays", beat(3, ""), beat(4, ""))
	until(t, "trouble", func() bool {
		st := s.Status()
		return st.State == Trouble && strings.Contains(st.Error, "disk is full")
	})
	stop()
	r.log.fail(nil)
	s, stop = r.start(config, nil)
	until(t, "four events", func() bool { return len(r.log.events()) >= 4 })
	until(t, "no lag", func() bool {
		st := s.Status()
		return st.State == Reading && st.Topics[0].Lag == 0 && st.Topics[0].Records == 2
	})
	stop()
	if n := len(r.log.events()); n != 4 {
		t.Errorf("%d events of four", n)
	}
}

// A server that is behind is not read into.
func TestPressed(t *testing.T) {
	t.Parallel()
	c := cluster(t, kfake.SeedTopics(2, "plays"))
	cl := client(t, c)
	r := newRig(t)
	var wait atomic.Int64
	wait.Store(int64(time.Minute))
	r.pressed = func() time.Duration { return time.Duration(wait.Load()) }
	config, err := load(t, yamlOf(c, onePlain))
	if err != nil {
		t.Fatal(err)
	}
	produce(t, cl, "plays", beat(1, ""))
	s, _ := r.start(config, nil)
	until(t, "waiting, with lag told", func() bool { st := s.Status(); return st.State == Waiting && st.Topics[0].Lag == 1 })
	if n := len(r.log.events()); n != 0 {
		t.Errorf("%d events", n)
	}
	wait.Store(0)
	until(t, "the event", func() bool { return len(r.log.events()) == 1 })
}

// A topic whose key is not there waits for it; others go on.
func TestAMissingKeyHoldsItsTopicOnly(t *testing.T) {
	t.Parallel()
	c := cluster(t, kfake.SeedTopics(2, "plays", "others"))
	cl := client(t, c)
	r := newRig(t)
	config, err := load(t, yamlOf(c, `topics: [{name: plays, format: json, key: later}, {name: others, format: json, key: kafka}]`))
	if err != nil {
		t.Fatal(err)
	}
	produce(t, cl, "plays", beat(1, ""), beat(2, ""))
	s, _ := r.start(config, nil)
	until(t, "trouble", func() bool {
		return strings.Contains(s.Status().Topics[0].Error, "keys create --write --name later")
	})
	produce(t, cl, "others", beat(3, ""), beat(4, ""))
	until(t, "the other topic", func() bool { return len(r.log.events()) == 2 })
	r.keys.add("later")
	until(t, "all", func() bool { return len(r.log.events()) == 4 && s.Status().State == Reading })
}

// Two members share the partitions; when one leaves, the other takes over where
// it was.
func TestTwoMembers(t *testing.T) {
	t.Parallel()
	const partitions, each = 6, 40
	c := cluster(t, kfake.SeedTopics(partitions, "plays"))
	cl := client(t, c)
	r := newRig(t)
	config := func() *Config {
		config, err := load(t, yamlOf(c, onePlain))
		if err != nil {
			t.Fatal(err)
		}
		return config
	}
	sent := 0
	more := func() {
		for range each {
			rec := &kgo.Record{Topic: "plays", Partition: int32(sent % partitions), Value: beat(sent, fmt.Sprintf(`"id":"e%d"`, sent))}
			if err := cl.ProduceSync(t.Context(), rec).FirstErr(); err != nil {
				t.Fatal(err)
			}
			sent++
		}
	}
	a, stopA := r.start(config(), nil)
	more()
	until(t, "one member has all", func() bool { return a.Status().Topics[0].Partitions == partitions && len(r.log.events()) >= each })
	b, _ := r.start(config(), nil)
	more()
	until(t, "they share", func() bool {
		return a.Status().Topics[0].Partitions == partitions/2 && b.Status().Topics[0].Partitions == partitions/2
	})
	more()
	stopA()
	more()
	until(t, "the other one has all", func() bool { return b.Status().Topics[0].Partitions == partitions })
	distinct := func() int {
		ids := map[event.Ref]bool{}
		for _, e := range r.log.events() {
			ids[e.ID] = true
		}
		return len(ids)
	}
	until(t, "every event", func() bool { return distinct() == sent })
	if n := len(r.log.events()); n != sent {
		t.Errorf("%d events came %d times although nobody was killed", sent, n)
	}
}

func TestTopicThatIsNotThere(t *testing.T) {
	t.Parallel()
	c := cluster(t, kfake.SeedTopics(1, "others"))
	r := newRig(t)
	config, err := load(t, yamlOf(c, onePlain))
	if err != nil {
		t.Fatal(err)
	}
	s, _ := r.start(config, r.registry)
	until(t, "trouble", func() bool { return strings.Contains(s.Status().Error, "plays: the topic is not there") })
	if f := gathered(t, r.registry); f["playhead_source_state trouble"] != 1 || f["playhead_source_state reading"] != 0 {
		t.Errorf("%v", f)
	}
}

// gathered are the figures by name and values of labels.
func gathered(t *testing.T, reg *prometheus.Registry) map[string]float64 {
	t.Helper()
	families, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]float64{}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			name := f.GetName()
			for _, l := range m.GetLabel() {
				name += " " + l.GetValue()
			}
			out[name] = m.GetGauge().GetValue() + m.GetCounter().GetValue()
		}
	}
	return out
}

func TestTwoSourcesOfOneRegistry(t *testing.T) {
	reg := prometheus.NewRegistry()
	for i, want := range []bool{true, false} {
		_, err := New(Options{Config: &Config{Topics: []Topic{{Name: "t"}}}, Clock: time.Now, Registry: reg})
		if (err == nil) != want {
			t.Errorf("source %d: %v", i, err)
		}
	}
}
