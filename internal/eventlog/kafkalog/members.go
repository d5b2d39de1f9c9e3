package kafkalog

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"playhead/internal/eventlog"
)

// members is this process in the consumer group of the processors: Kafka says which
// partitions are its own. The group's client fetches nothing.
type members struct {
	client *kgo.Client

	mu      sync.Mutex
	told    bool // which partitions are its own, if any
	own     map[int32]bool
	held    map[int32]bool // claimed and not released
	changed chan struct{}
	freed   chan struct{}
}

// revokeWithin bounds how long a rebalance waits for a partition's last commit.
const revokeWithin = 20 * time.Second

// leaveWithin bounds the wait for the broker that keeps the group, when this process ends.
const leaveWithin = time.Second

// Assignment implements eventlog.Shared.
func (l *Log) Assignment(context.Context) ([]int32, <-chan struct{}, error) {
	if err := l.life.begin(); err != nil {
		return nil, nil, err
	}
	defer l.life.users.Done()
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.members == nil {
		m := &members{own: map[int32]bool{}, held: map[int32]bool{}, changed: make(chan struct{}), freed: make(chan struct{})}
		if err := m.join(&l.opts); err != nil {
			return nil, nil, fmt.Errorf("join the group %s: %w", l.opts.group(), err)
		}
		l.members = m
	}
	return l.members.now()
}

func (m *members) join(o *Options) (err error) {
	opts := []kgo.Opt{
		kgo.ConsumerGroup(o.group()), kgo.ConsumeTopics(o.name(eventlog.Events)), kgo.Balancers(kgo.CooperativeStickyBalancer()),
		kgo.DisableAutoCommit(), kgo.SessionTimeout(o.SessionTimeout), kgo.HeartbeatInterval(o.SessionTimeout / 12), kgo.RebalanceTimeout(revokeWithin + 10*time.Second),
		kgo.OnPartitionsAssigned(func(_ context.Context, _ *kgo.Client, got map[string][]int32) { m.assigned(got) }),
		kgo.OnPartitionsRevoked(func(ctx context.Context, _ *kgo.Client, gone map[string][]int32) { m.revoked(ctx, gone) }),
		kgo.OnPartitionsLost(func(_ context.Context, _ *kgo.Client, gone map[string][]int32) { m.lost(gone, true) }),
		kgo.FetchMaxWait(time.Second), kgo.MaxConcurrentFetches(1),
	}
	if o.Member != "" {
		opts = append(opts, kgo.InstanceID(o.Member))
	}
	m.mu.Lock()
	defer m.mu.Unlock() // callbacks wait until the client is known
	if m.client, err = o.client(opts...); err != nil {
		return err
	}
	m.client.PauseFetchTopics(o.name(eventlog.Events))
	return nil
}

// now is the present set, ascending, and what is closed when there is another.
func (m *members) now() ([]int32, <-chan struct{}, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.told {
		return nil, m.changed, nil
	}
	list := make([]int32, 0, len(m.own))
	for p := range m.own {
		list = append(list, p)
	}
	slices.Sort(list)
	return list, m.changed, nil
}

func (m *members) assigned(got map[string][]int32) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.told = true // of nothing new, too
	for _, list := range got {
		for _, p := range list {
			m.own[p] = true
		}
	}
	m.tell()
}

func (m *members) tell() {
	close(m.changed)
	m.changed = make(chan struct{})
}

// revoked waits until the partitions are released, so that their next owner finds a
// snapshot of now and replays nothing.
func (m *members) revoked(ctx context.Context, gone map[string][]int32) {
	m.lost(gone, false)
	limit := time.NewTimer(revokeWithin)
	defer limit.Stop()
	for {
		m.mu.Lock()
		waits, freed := false, m.freed
		for _, list := range gone {
			for _, p := range list {
				waits = waits || m.held[p]
			}
		}
		m.mu.Unlock()
		if !waits {
			return
		}
		select {
		case <-freed:
		case <-ctx.Done():
			return
		case <-limit.C:
			return // its new owner fences us
		}
	}
}

// lost takes partitions away; out when all of them went, with the membership.
func (m *members) lost(gone map[string][]int32, out bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.told = m.told && !out
	for _, list := range gone {
		for _, p := range list {
			delete(m.own, p)
		}
	}
	m.tell()
}

// holding says that a partition is being claimed.
func (m *members) holding(partition int32) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.held[partition] = true
}

// released says that a partition is claimed no more.
func (m *members) released(partition int32) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.held, partition)
	close(m.freed)
	m.freed = make(chan struct{})
}

// leave gives everything back, at once unless the member is a static one, whose
// partitions stay its own until the session ends.
func (m *members) leave(log *slog.Logger) {
	m.mu.Lock()
	clear(m.held)
	close(m.freed)
	m.freed = make(chan struct{})
	m.mu.Unlock()
	within, cancel := context.WithTimeout(context.Background(), leaveWithin)
	defer cancel()
	if err := m.client.LeaveGroupContext(within); err != nil && within.Err() != nil {
		log.Warn("the group of the processors was not left: its broker does not answer; partitions are given to others when this process has been silent for its session", "waited", leaveWithin)
	}
	m.client.Close()
}

// Processors is how many processes take part in the sharing out now.
func (l *Log) Processors(ctx context.Context) (int, error) {
	if err := l.life.begin(); err != nil {
		return 0, err
	}
	defer l.life.users.Done()
	admin := kadm.NewClient(l.client)
	for wait := 10 * time.Millisecond; ; wait = min(2*wait, time.Second) {
		described, err := admin.DescribeGroups(ctx, l.opts.group())
		if err == nil {
			err = described[l.opts.group()].Err
		}
		if err == nil || errors.Is(err, kerr.GroupIDNotFound) {
			return len(described[l.opts.group()].Members), nil
		}
		if err := l.tryAgain(ctx, wait, err); err != nil { // a new cluster has no coordinator yet
			return 0, fmt.Errorf("ask Kafka who processes: %w", err)
		}
	}
}
