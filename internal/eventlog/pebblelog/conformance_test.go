package pebblelog_test

import (
	"path/filepath"
	"testing"

	"playhead/internal/eventlog/eventlogtest"
	"playhead/internal/eventlog/pebblelog"
)

func TestConformance(t *testing.T) {
	eventlogtest.Run(t, func(dir string, clock func() int64) (eventlogtest.Driver, error) {
		l, err := pebblelog.Open(filepath.Join(dir, "log"), pebblelog.Options{Partitions: eventlogtest.Partitions, Clock: clock})
		if err != nil {
			return nil, err
		}
		return l, nil
	})
}
