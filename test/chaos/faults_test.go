package chaos

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"syscall"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"playhead/test/cluster"
)

// fault is one that the seed planned.
type fault struct {
	kind   kind
	target int           // of several: a number that the kind takes the rest of
	hold   time.Duration // until it is mended
	pause  time.Duration // after that
}

// kind is one way to break something.
type kind struct {
	name string
	// hold is for how long it lasts, at least and at most.
	least, most time.Duration
	needs       need
	ofBroker    bool
	// begin breaks, and returns what it broke and how that is mended.
	begin func(in *installation, target int) (what string, mend func() error, err error)
}

type need uint8

const (
	needNothing need = iota
	needNetwork
	needClickHouse
)

// below are faults of what Playhead stands on, of which one is at a time, and the next
// when all brokers are back: with two of three gone nothing goes on, and nothing can be
// wrong.
func below() []kind {
	return []kind{
		{"kill a broker", time.Second, 5 * time.Second, needNothing, true, func(in *installation, target int) (string, func() error, error) {
			return in.killBroker(target % cluster.Brokers)
		}},
		{"kill the broker that coordinates a partition's transactions", time.Second, 5 * time.Second, needNothing, true, func(in *installation, target int) (string, func() error, error) {
			partition := target % partitions
			i, err := in.coordinator(partition)
			if err != nil {
				return "", nil, err
			}
			what, mend, err := in.killBroker(i)
			return fmt.Sprintf("%s (partition %d)", what, partition), mend, err
		}},
		{"hang a broker", 2 * time.Second, 12 * time.Second, needNothing, true, func(in *installation, target int) (string, func() error, error) {
			i := target % cluster.Brokers
			return brokerName(i), func() error { return in.kafka.Resume(i) }, in.kafka.Hang(i)
		}},
		{"cut a broker off", 2 * time.Second, 12 * time.Second, needNetwork, true, func(in *installation, target int) (string, func() error, error) {
			i := target % cluster.Brokers
			return brokerName(i), func() error { return in.net.join(in.brokers[i]) }, in.net.cut(in.brokers[i])
		}},
		{"kill ClickHouse", time.Second, 4 * time.Second, needClickHouse, false, func(in *installation, _ int) (string, func() error, error) {
			in.clickhouse.Kill()
			return "ClickHouse", func() error { in.clickhouse.Run(); return nil }, nil
		}},
	}
}

// among are faults of processes of Playhead.
func among() []kind {
	kill := func(pick func(*installation) []*cluster.Process) func(*installation, int) (string, func() error, error) {
		return func(in *installation, target int) (string, func() error, error) {
			list := pick(in)
			n := list[target%len(list)]
			return n.Name, n.Start, n.Kill()
		}
	}
	cut := func(pick func(*installation) []*cluster.Process) func(*installation, int) (string, func() error, error) {
		return func(in *installation, target int) (string, func() error, error) {
			list := pick(in)
			n := list[target%len(list)]
			return n.Name, func() error { return in.net.join(n.Host) }, in.net.cut(n.Host)
		}
	}
	processors := func(in *installation) []*cluster.Process { return in.processors }
	collectors := func(in *installation) []*cluster.Process { return in.collectors }
	return []kind{
		{"kill a processor", 500 * time.Millisecond, 4 * time.Second, needNothing, false, kill(processors)},
		{"kill a collector", 500 * time.Millisecond, 4 * time.Second, needNothing, false, kill(collectors)},
		{"kill the loader", 500 * time.Millisecond, 3 * time.Second, needNothing, false, kill(func(in *installation) []*cluster.Process { return in.loaders[:1] })},
		// Longer than the session of 6 s: others have its partitions when it goes on.
		{"hang a processor", 8 * time.Second, 12 * time.Second, needNothing, false, func(in *installation, target int) (string, func() error, error) {
			n := in.processors[target%len(in.processors)]
			return n.Name, func() error { return n.Signal(syscall.SIGCONT) }, n.Signal(syscall.SIGSTOP)
		}},
		{"cut a processor off", 2 * time.Second, 12 * time.Second, needNetwork, false, cut(processors)},
		{"cut a collector off", 2 * time.Second, 8 * time.Second, needNetwork, false, cut(collectors)},
		{"a processor joins, and leaves", 2 * time.Second, 5 * time.Second, needNothing, false, func(in *installation, _ int) (string, func() error, error) {
			return in.guest.Name, in.leave, in.guest.Start()
		}},
	}
}

// brokerStarts is how long it takes about until a broker is one again.
const brokerStarts = 5 * time.Second

// plan decides n faults: each kind once in a random order, then again.
func plan(r *rand.Rand, kinds []kind, n int) (list []fault) {
	for len(list) < n {
		for _, i := range r.Perm(len(kinds)) {
			k := kinds[i]
			list = append(list, fault{k, r.IntN(1 << 20), k.least + time.Duration(r.Int64N(int64(k.most-k.least))), time.Duration(r.Int64N(int64(2 * time.Second)))})
		}
	}
	return list[:n]
}

// lasts is how long a plan takes.
func lasts(list []fault) (all time.Duration) {
	for _, f := range list {
		all += f.hold + f.pause
		if f.kind.ofBroker {
			all += brokerStarts
		}
	}
	return all
}

// inflict does faults one after the other, and looks after each whether somebody ended
// who was not told to.
func (in *installation) inflict(ctx context.Context, list []fault) error {
	for _, f := range list {
		what, mend, err := f.kind.begin(in, f.target)
		if err != nil {
			return fmt.Errorf("%s: %w", f.kind.name, err)
		}
		fmt.Printf("fault %d of %d at %s: %s: %s, for %.1f s\n", in.count.Add(1), *faultsFlag, time.Since(in.began).Round(100*time.Millisecond), f.kind.name, what, f.hold.Seconds())
		sleep(ctx, f.hold)
		if err := mend(); err != nil {
			return fmt.Errorf("mend %q of %s: %w", f.kind.name, what, err)
		}
		if f.kind.ofBroker {
			in.kafka.Wait(in.t)
		}
		sleep(ctx, f.pause)
		if err := errors.Join(ctx.Err(), in.tend()); err != nil {
			return err
		}
	}
	return nil
}

func sleep(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

// leave stops the guest, which ends in order whatever hangs meanwhile.
func (in *installation) leave() error { return in.guest.Stop() }

func brokerName(i int) string { return "broker " + strconv.Itoa(i+1) }

func (in *installation) killBroker(i int) (string, func() error, error) {
	in.kafka.Kill(i)
	return brokerName(i), func() error { in.kafka.Start(in.t, i); return nil }, nil
}

// coordinator is the broker that coordinates the transactions of a partition.
func (in *installation) coordinator(partition int) (int, error) {
	c, err := kgo.NewClient(kgo.SeedBrokers(in.kafka.Addresses()...))
	if err != nil {
		return 0, err
	}
	defer c.Close()
	id := "playhead.processors-" + strconv.Itoa(partition)
	for end := time.Now().Add(cluster.Patience); ; time.Sleep(200 * time.Millisecond) {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		found := kadm.NewClient(c).FindTxnCoordinators(ctx, id)
		cancel()
		one, there := found[id]
		if there && one.Err == nil && one.NodeID > 0 {
			return int(one.NodeID) - 1, nil
		}
		if time.Now().After(end) {
			return 0, fmt.Errorf("nobody says who coordinates %s: %w", id, errors.Join(found.Error(), one.Err))
		}
	}
}
