package source

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"playhead/internal/access"
	"playhead/internal/collect"
	"playhead/internal/event"
)

// Intake is where events go.
type Intake interface {
	// Deliver returns when what was accepted is durable. Errors:
	// *collect.RefusedError, when nothing was taken and it is worth trying again.
	Deliver(ctx context.Context, key access.Key, format event.Format, records []collect.Delivered) (collect.Receipt, error)
	// Pressed is for how long to stay away, 0 when events may come.
	Pressed() time.Duration
}

// Keys are the write keys, under one of which a topic's events count.
type Keys interface {
	// List is every key ever made, revoked ones too.
	List() []access.Key
}

// Options of New; all are needed but Registry and Logger.
type Options struct {
	Config   *Config
	Intake   Intake
	Keys     Keys
	Clock    func() time.Time
	Registry prometheus.Registerer
	Logger   *slog.Logger
}

const (
	// maxBatch and maxBatchBytes bound what is handed over at once.
	maxBatch, maxBatchBytes = 2000, 4 << 20
	// pollFor is how long one look for records takes at most, so that topics that
	// wait are gone on with.
	pollFor = time.Second
	// commitEvery is how often offsets are committed: after a kill so much comes
	// again.
	commitEvery = time.Second
	// fetchBytes bounds what a broker sends at once, and so what waits in memory.
	fetchBytes = 8 << 20
	// deadLetterFor is how long one tries to put a record aside.
	deadLetterFor = 10 * time.Second
	// leaveFor bounds the last commit and the good-bye, each.
	leaveFor = time.Second
)

// Source reads topics. Run does; Status may be asked at any time.
type Source struct {
	o      Options
	board  *board
	topics map[string]*topic
}

// New makes a source that does nothing yet. Errors: metrics that are registered already.
func New(o Options) (*Source, error) {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	b, err := newBoard(o.Config.Topics, o.Clock, o.Logger, o.Registry)
	if err != nil {
		return nil, err
	}
	s := &Source{o: o, board: b, topics: map[string]*topic{}}
	for i := range o.Config.Topics {
		t := &o.Config.Topics[i]
		s.topics[t.Name] = &topic{Topic: t, meta: t.Map != nil && t.Map.Reads(metaRoot)}
	}
	return s, nil
}

// Status is how the source fares.
func (s *Source) Status() Status { return s.board.status() }

// options make the member of the group.
func (s *Source) options() ([]kgo.Opt, error) {
	c := s.o.Config
	start := kgo.NewOffset().AtStart()
	if c.Latest {
		// Not the end: a partition that is added later is read from its begin.
		start = kgo.NewOffset().AfterMilli(s.o.Clock().UnixMilli())
	}
	var names []string
	for name := range s.topics {
		names = append(names, name)
	}
	opts := []kgo.Opt{
		kgo.SeedBrokers(c.Brokers...), kgo.ClientID(c.ClientID), kgo.ConsumerGroup(c.Group), kgo.ConsumeTopics(names...),
		kgo.Balancers(kgo.CooperativeStickyBalancer()), kgo.BlockRebalanceOnPoll(),
		kgo.AutoCommitMarks(), kgo.AutoCommitInterval(commitEvery), kgo.AutoCommitCallback(s.committed),
		kgo.ConsumeStartOffset(start), kgo.FetchIsolationLevel(kgo.ReadCommitted()), kgo.FetchMaxBytes(fetchBytes),
		kgo.RecordDeliveryTimeout(deadLetterFor), kgo.ProducerBatchMaxBytes(fetchBytes), kgo.UnknownTopicRetries(2),
		kgo.OnPartitionsAssigned(func(_ context.Context, _ *kgo.Client, got map[string][]int32) { s.board.assigned(got) }),
		kgo.OnPartitionsRevoked(func(ctx context.Context, client *kgo.Client, gone map[string][]int32) {
			if err := client.CommitMarkedOffsets(ctx); err != nil {
				s.o.Logger.Warn("offsets could not be committed before partitions moved; their last records come again, and count once", "error", err)
			}
			s.board.gone(gone)
		}),
		kgo.OnPartitionsLost(func(_ context.Context, _ *kgo.Client, gone map[string][]int32) { s.board.gone(gone) }),
		kgo.WithHooks(&connections{s.board}),
	}
	if c.Instance != "" {
		opts = append(opts, kgo.InstanceID(c.Instance))
	}
	if c.TLS != nil {
		config, err := c.TLS.config()
		if err != nil {
			return nil, fmt.Errorf("read the certificates for Kafka: %w", err)
		}
		opts = append(opts, kgo.DialTLSConfig(config))
	}
	if c.SASL != nil {
		opts = append(opts, kgo.SASL(c.SASL.mechanism()))
	}
	return opts, nil
}

// Run reads until ctx ends. What goes wrong outside is logged, shown and tried
// again. Errors: settings that cannot be used.
func (s *Source) Run(ctx context.Context) error {
	opts, err := s.options()
	if err != nil {
		return err
	}
	client, err := kgo.NewClient(opts...)
	if err != nil {
		return fmt.Errorf("connect to Kafka: %w", err)
	}
	watched := make(chan struct{})
	watching, stop := context.WithCancel(ctx)
	go func() {
		defer close(watched)
		w := &watch{admin: kadm.NewClient(client), client: client, board: s.board, topics: s.topics, earliest: !s.o.Config.Latest}
		w.run(watching)
	}()
	r := &reader{Source: s, client: client}
	r.run(ctx)
	stop()
	<-watched
	s.leave(ctx, client)
	if s.o.Config.schemas != nil {
		s.o.Config.schemas.Close()
	}
	return nil
}

// leave commits and says good-bye, so that others take over at once. A member with
// a name of its own stays one: it is expected back.
func (s *Source) leave(ctx context.Context, client *kgo.Client) {
	bounded := func(do func(context.Context) error) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), leaveFor)
		defer cancel()
		if err := do(ctx); err != nil && !errors.Is(err, context.DeadlineExceeded) {
			s.o.Logger.Warn("the last offsets could not be committed; their records come again, and count once", "error", err)
		}
	}
	client.AllowRebalance()
	bounded(client.CommitMarkedOffsets)
	if s.o.Config.Instance == "" {
		bounded(client.LeaveGroupContext)
	}
	client.CloseAllowingRebalance()
}
