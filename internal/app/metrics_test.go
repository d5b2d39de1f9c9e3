package app

import (
	"context"
	"io"
	"testing"
)

// A server's metrics can all be registered together, under names of their own.
func TestMetricsHaveNamesOfTheirOwn(t *testing.T) {
	s := DefaultSettings()
	s.DataDir, s.Listen = t.TempDir(), "127.0.0.1:0"
	srv, err := newServer(context.Background(), Options{Settings: s, Version: "test", Out: io.Discard, Log: io.Discard}, nil, false)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := srv.close(); err != nil {
			t.Error(err)
		}
	})
	if _, err := srv.registry.Gather(); err != nil {
		t.Error(err)
	}
}
