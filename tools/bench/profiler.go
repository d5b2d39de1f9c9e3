package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"
)

// profiler fetches the profiles of a server while it is measured. Its zero value
// fetches none.
type profiler struct {
	folder, address string
}

// newProfiler is one that keeps profiles in a folder, "" for none.
func newProfiler(folder string) (profiler, error) {
	if folder == "" {
		return profiler{}, nil
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return profiler{}, fmt.Errorf("make a folder for profiles: %w", err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return profiler{}, err
	}
	return profiler{folder, l.Addr().String()}, l.Close()
}

// flags are what the server has to be started with.
func (p profiler) flags() []string {
	if p.folder == "" {
		return nil
	}
	return []string{"--debug-listen", p.address}
}

// begin profiles the server for a while, from now; what it returns waits for the
// end of that.
func (p profiler) begin(ctx context.Context, length time.Duration) (wait func() error) {
	if p.folder == "" {
		return func() error { return nil }
	}
	done := make(chan error, 1)
	go func() {
		err := p.fetch(ctx, fmt.Sprintf("profile?seconds=%d", max(1, int(length.Seconds()))), "cpu.pprof")
		if err == nil {
			err = p.fetch(ctx, "allocs", "allocs.pprof")
		}
		done <- err
	}()
	return func() error { return <-done }
}

func (p profiler) fetch(ctx context.Context, what, name string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+p.address+"/debug/pprof/"+what, nil)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return fmt.Errorf("fetch a profile: %w", err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("fetch a profile: %s", resp.Status)
	}
	f, err := os.Create(filepath.Join(p.folder, name))
	if err != nil {
		return err
	}
	if _, err := io.Copy(f, resp.Body); err != nil {
		return err
	}
	return f.Close()
}
