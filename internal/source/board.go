package source

import (
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/twmb/franz-go/pkg/kgo"

	"playhead/internal/collect"
)

// States of a source.
const (
	Connecting = "connecting" // no broker has answered yet
	Reading    = "reading"
	Waiting    = "waiting" // the server has to catch up
	Trouble    = "trouble" // an error says what; it is tried again
)

// Status is how a source fares.
type Status struct {
	State  string        `json:"state" doc:"connecting, reading, waiting (the server has to catch up) or trouble."`
	Since  time.Time     `json:"since"`
	Error  string        `json:"error,omitempty" doc:"What is in the way; it is tried again."`
	Topics []TopicStatus `json:"topics"`
}

// TopicStatus is how one topic fares in this process.
type TopicStatus struct {
	Topic      string  `json:"topic"`
	Key        string  `json:"key" doc:"Name of the write key under which its events count."`
	Partitions int     `json:"partitions" doc:"Partitions that this process reads."`
	Lag        int64   `json:"lag_records" doc:"Records of these partitions that were not taken yet."`
	Behind     float64 `json:"behind_seconds" doc:"How old the last record taken is while there are more; 0 without."`
	Records    int64   `json:"records" doc:"Records taken since this start."`
	Rejected   int64   `json:"rejected" doc:"Of them, those that could not be used."`
	Error      string  `json:"error,omitempty"`
}

// board is what is known of a source from outside: its state and its counters.
type board struct {
	clock   func() time.Time
	logger  *slog.Logger
	metrics *metrics

	mu         sync.Mutex
	connected  bool
	connecting string // why no connection could be made, or ""
	dial       error  // why the last one could not, since one was made
	waits      bool
	general    string // trouble of no topic
	topics     map[string]*topicBoard
	order      []string
	state      string
	since      time.Time
}

type topicBoard struct {
	TopicStatus
	format     string
	partitions map[int32]int64 // next offset to take, −1 when nothing was taken yet
	newest     time.Time       // of the last record taken
}

func newBoard(topics []Topic, clock func() time.Time, logger *slog.Logger, reg prometheus.Registerer) (*board, error) {
	b := &board{clock: clock, logger: logger, topics: map[string]*topicBoard{}, state: Connecting, since: clock()}
	for _, t := range topics {
		b.topics[t.Name] = &topicBoard{TopicStatus: TopicStatus{Topic: t.Name, Key: t.Key}, format: t.Format, partitions: map[int32]int64{}}
		b.order = append(b.order, t.Name)
	}
	var err error
	b.metrics, err = newMetrics(b, reg)
	return b, err
}

func (b *board) status() Status {
	b.mu.Lock()
	defer b.mu.Unlock()
	state, reason := b.now()
	out := Status{State: state, Since: b.since.UTC(), Error: reason}
	for _, name := range b.order {
		out.Topics = append(out.Topics, b.topicNow(b.topics[name]))
	}
	return out
}

// topicNow is a topic's status, under the lock.
func (b *board) topicNow(t *topicBoard) TopicStatus {
	s := t.TopicStatus
	s.Partitions = len(t.partitions)
	if s.Lag > 0 && !t.newest.IsZero() {
		s.Behind = max(0, b.clock().Sub(t.newest).Seconds())
	}
	return s
}

// now is the state and what is in the way, under the lock.
func (b *board) now() (state, reason string) {
	switch {
	case b.connecting != "":
		return Trouble, b.connecting
	case !b.connected:
		return Connecting, ""
	case b.general != "":
		return Trouble, b.general
	}
	for _, name := range b.order {
		if e := b.topics[name].Error; e != "" {
			return Trouble, name + ": " + e
		}
	}
	if b.waits {
		return Waiting, ""
	}
	return Reading, ""
}

// change changes something and logs what the source came to by it.
func (b *board) change(fn func()) {
	b.mu.Lock()
	defer b.mu.Unlock()
	_, before := b.now()
	fn()
	state, reason := b.now()
	if state != b.state {
		b.since = b.clock()
	}
	switch {
	case reason != "" && reason != before:
		b.logger.Error("reading from Kafka is in trouble; it is tried again", "error", reason)
	case state != b.state && state == Waiting:
		b.logger.Warn("reading from Kafka waits: the server has to catch up")
	case state != b.state && state == Reading:
		b.logger.Info("reading from Kafka")
	}
	b.state = state
}

func (b *board) pressed(waits bool) { b.change(func() { b.waits = waits }) }

// dialed is told of each connection. Once one was made, a broker that is away is
// no trouble as long as others answer: that is answered's to tell.
func (b *board) dialed(err error) {
	b.change(func() {
		switch {
		case err == nil:
			b.connected, b.connecting, b.dial = true, "", nil
		case !b.connected:
			b.connecting = err.Error()
		default:
			b.dial = err
		}
	})
}

// answered is told whether a question to the brokers was answered.
func (b *board) answered(err error) {
	b.change(func() {
		switch {
		case err == nil:
			b.connected, b.connecting, b.dial = true, "", nil
		case b.dial != nil:
			b.connecting = b.dial.Error()
		case b.connected:
			b.connecting = "no broker answers: " + err.Error()
		}
	})
}

// trouble is something that is tried again, of a topic or of none.
func (b *board) trouble(topic string, err error) {
	b.change(func() {
		if t := b.topics[topic]; t != nil {
			t.Error = err.Error()
			return
		}
		b.general = err.Error()
	})
}

// fine ends the trouble of a topic, and that of none.
func (b *board) fine(topic string) {
	b.change(func() {
		b.general = ""
		if t := b.topics[topic]; t != nil {
			t.Error = ""
		}
	})
}

// assigned are partitions that this process reads from now on.
func (b *board) assigned(list map[string][]int32) {
	b.change(func() {
		b.general = ""
		for name, partitions := range list {
			for _, p := range partitions {
				if t := b.topics[name]; t != nil {
					t.partitions[p] = -1
				}
			}
		}
	})
}

// gone are partitions that others read from now on.
func (b *board) gone(list map[string][]int32) {
	b.change(func() {
		for name, partitions := range list {
			for _, p := range partitions {
				if t := b.topics[name]; t != nil {
					delete(t.partitions, p)
				}
			}
		}
	})
}

// taken counts records that were handed over.
func (b *board) taken(name string, list []*kgo.Record, receipt collect.Receipt) {
	rejected, last := 0, -1
	for _, bad := range receipt.Rejected {
		if bad.Record != last {
			rejected, last = rejected+1, bad.Record
		}
	}
	size := 0
	b.mu.Lock()
	t := b.topics[name]
	for _, rec := range list {
		size += len(rec.Value)
		if _, ok := t.partitions[rec.Partition]; ok {
			t.partitions[rec.Partition] = rec.Offset + 1
		}
		t.newest = rec.Timestamp
	}
	t.Records += int64(len(list))
	t.Rejected += int64(rejected)
	b.mu.Unlock()
	b.metrics.records.WithLabelValues(name, "rejected").Add(float64(rejected))
	b.metrics.records.WithLabelValues(name, "taken").Add(float64(len(list) - rejected))
	b.metrics.bytes.WithLabelValues(name).Add(float64(size))
}

func (b *board) retried(name string) { b.metrics.retries.WithLabelValues(name).Inc() }

func (b *board) letters(name string, written, failed int) {
	b.metrics.letters.WithLabelValues(name, "written").Add(float64(written))
	b.metrics.letters.WithLabelValues(name, "failed").Add(float64(failed))
}

// reached are the next offsets to take of a topic, −1 where nothing was taken yet.
func (b *board) reached(name string) map[int32]int64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	return maps.Clone(b.topics[name].partitions)
}

func (b *board) setLag(name string, records int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.topics[name].Lag = records
}

// connections hears of every connection that is made, or not.
type connections struct{ b *board }

var _ kgo.HookBrokerConnect = (*connections)(nil)

// OnBrokerConnect is told when a connection was made, with TLS and SASL, or why not.
func (c *connections) OnBrokerConnect(meta kgo.BrokerMetadata, _ time.Duration, _ net.Conn, err error) {
	if errors.Is(err, net.ErrClosed) {
		return
	}
	if err != nil {
		err = fmt.Errorf("connect to %s: %w%s", net.JoinHostPort(meta.Host, strconv.Itoa(int(meta.Port))), err, hintOf(err))
	}
	c.b.dialed(err)
}

// metrics are the source's. Topics are the operator's, so their number is bounded.
type metrics struct {
	records, bytes, retries, letters *prometheus.CounterVec
}

func newMetrics(b *board, reg prometheus.Registerer) (*metrics, error) {
	vec := func(name, help string, labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: "playhead", Subsystem: "source", Name: name, Help: help}, labels)
	}
	m := &metrics{
		records: vec("records_total", "Records read from Kafka topics, by what became of them.", "topic", "result"),
		bytes:   vec("bytes_total", "Bytes of the values of records read from Kafka topics.", "topic"),
		retries: vec("retries_total", "Times that a topic waited and was read again from where it was.", "topic"),
		letters: vec("dead_letters_total", "Rejected records that were written to the topic of dead letters, or could not be.", "topic", "result"),
	}
	if reg == nil {
		return m, nil
	}
	gauge := func(name, help string, labels prometheus.Labels, fn func() float64) prometheus.Collector {
		return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Namespace: "playhead", Subsystem: "source", Name: name, Help: help, ConstLabels: labels}, fn)
	}
	list := []prometheus.Collector{m.records, m.bytes, m.retries, m.letters}
	for _, state := range []string{Connecting, Reading, Waiting, Trouble} {
		list = append(list, gauge("state", "1 for the state that reading from Kafka is in.", prometheus.Labels{"state": state}, func() float64 {
			if b.status().State == state {
				return 1
			}
			return 0
		}))
	}
	for _, name := range b.order {
		of := func(fn func(TopicStatus) float64) func() float64 {
			return func() float64 {
				all := b.status().Topics
				i := slices.IndexFunc(all, func(t TopicStatus) bool { return t.Topic == name })
				return fn(all[i])
			}
		}
		labels := prometheus.Labels{"topic": name}
		list = append(list,
			gauge("partitions", "Partitions of a topic that this process reads.", labels, of(func(t TopicStatus) float64 { return float64(t.Partitions) })),
			gauge("lag_records", "Records of these partitions that were not taken yet.", labels, of(func(t TopicStatus) float64 { return float64(t.Lag) })),
			gauge("behind_seconds", "Age of the last record taken while there are more; 0 without.", labels, of(func(t TopicStatus) float64 { return t.Behind })),
		)
	}
	var errs []error
	for _, c := range list {
		errs = append(errs, reg.Register(c))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, fmt.Errorf("register the metrics of the Kafka source: %w", err)
	}
	return m, nil
}
