package kafkalog_test

import (
	"fmt"
	"testing"

	"github.com/twmb/franz-go/pkg/kfake"

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
		return l, nil
	})
}
