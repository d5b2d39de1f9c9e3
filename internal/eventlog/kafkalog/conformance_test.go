package kafkalog_test

import (
	"path/filepath"
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
	brokers := fakeCluster(t)
	eventlogtest.RunShared(t, func(folder, dir string) (eventlogtest.SharedDriver, error) {
		l, err := kafkalog.Open(t.Context(), kafkalog.Options{
			Brokers: brokers, Prefix: filepath.Base(filepath.Dir(folder)) + ".", Partitions: eventlogtest.Partitions, Dir: dir,
		})
		if err != nil {
			return nil, err
		}
		return l, nil
	})
}
