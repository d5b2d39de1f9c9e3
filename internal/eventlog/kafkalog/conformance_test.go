package kafkalog_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"

	"playhead/internal/eventlog"
	"playhead/internal/eventlog/eventlogtest"
	"playhead/internal/eventlog/kafkalog"
)

func fakeCluster(t *testing.T) []string {
	t.Helper()
	c, err := kfake.NewCluster(kfake.NumBrokers(3))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c.ListenAddrs()
}

func TestConformance(t *testing.T) {
	brokers, prefixes := fakeCluster(t), map[string]string{}
	eventlogtest.RunShared(t, func(folder, dir string) (eventlogtest.SharedDriver, error) {
		if prefixes[folder] == "" {
			prefixes[folder] = fmt.Sprintf("suite-%d.", len(prefixes))
		}
		l, err := kafkalog.Open(t.Context(), kafkalog.Options{
			Brokers: brokers, Prefix: prefixes[folder], Partitions: eventlogtest.Partitions, Dir: dir,
		})
		if err != nil {
			return nil, err
		}
		return again{l}, nil
	})
}

// again does what a processor does whose commit is lost: it claims the partitions anew and
// commits what is not in. On a busy machine the fake broker finds a producer's first request
// after another transaction out of order now and then.
type again struct{ eventlogtest.SharedDriver }

func (l again) Commit(ctx context.Context, txs []eventlog.Transaction) error {
	err := l.SharedDriver.Commit(ctx, txs)
	for range 3 {
		if !errors.Is(err, kerr.OutOfOrderSequenceNumber) {
			return err
		}
		claimed, left := map[int32]int64{}, []eventlog.Transaction(nil)
		for _, tx := range txs {
			if _, ok := claimed[tx.Partition]; !ok {
				if err := l.Claim(ctx, tx.Partition); err != nil {
					return err
				}
				p, err := l.Progress(ctx, tx.Partition)
				if err != nil {
					return err
				}
				claimed[tx.Partition] = p.Committed
			}
			if tx.To > claimed[tx.Partition] {
				left = append(left, tx)
			}
		}
		if len(left) == 0 {
			return nil
		}
		err = l.SharedDriver.Commit(ctx, left)
	}
	return err
}
