package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// server is the binary, running on its own folder.
type server struct {
	url    string
	folder string
	binary string
	cmd    *exec.Cmd
	log    *bytes.Buffer
	client *http.Client
	stop   func()
	peak   atomic.Int64 // resident bytes
}

// startServer runs `playhead <verb>` with args on a new folder until it is ready.
func startServer(ctx context.Context, binary, verb string, args ...string) (*server, error) {
	folder, err := os.MkdirTemp("", "bench-")
	if err != nil {
		return nil, err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	addr := l.Addr().String()
	if err := l.Close(); err != nil {
		return nil, err
	}
	s := &server{
		url: "http://" + addr, folder: folder, binary: binary, log: &bytes.Buffer{},
		client: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}},
	}
	s.cmd = exec.Command(binary, append([]string{verb, "--listen", addr, "--data-dir", s.data()}, args...)...)
	s.cmd.Stdout, s.cmd.Stderr = s.log, s.log
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	watch, cancel := context.WithCancel(ctx)
	var watcher sync.WaitGroup
	watcher.Go(func() { s.watchMemory(watch) })
	s.stop = sync.OnceFunc(func() {
		cancel()
		watcher.Wait()
		_ = s.cmd.Process.Signal(syscall.SIGTERM) // it may have ended by itself
		_ = s.cmd.Wait()                          // its words are in the log
		_ = os.RemoveAll(folder)
	})
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(50 * time.Millisecond) {
		if resp, err := s.client.Get(s.url + "/readyz"); err == nil {
			resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				return s, nil
			}
		}
		if ctx.Err() != nil || time.Now().After(deadline) {
			s.stop()
			return nil, fmt.Errorf("playhead %s was not ready within a minute:\n%s", verb, s.log)
		}
	}
}

func (s *server) data() string { return filepath.Join(s.folder, "data") }

// watchMemory keeps the highest resident size.
func (s *server) watchMemory(ctx context.Context) {
	tick := time.NewTicker(250 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			if n, err := s.resident(); err == nil && n > s.peak.Load() {
				s.peak.Store(n)
			}
		}
	}
}

// resident is the process's resident size in bytes, as ps tells it.
func (s *server) resident() (int64, error) {
	out, err := exec.Command("ps", "-o", "rss=", "-p", strconv.Itoa(s.cmd.Process.Pid)).Output()
	if err != nil {
		return 0, fmt.Errorf("ask ps for the size of the server: %w", err)
	}
	kib, err := strconv.ParseInt(strings.TrimSpace(string(out)), 10, 64)
	return kib << 10, err
}

// key makes a key of the kind "write" or "read".
func (s *server) key(ctx context.Context, kind string) (string, error) {
	out, err := exec.CommandContext(ctx, s.binary, "keys", "create", "--"+kind, "--name", "bench-"+kind, "--data-dir", s.data()).Output()
	if err != nil {
		return "", fmt.Errorf("make a %s key: %w", kind, err)
	}
	key, _, _ := strings.Cut(string(out), "\n")
	path, body := "/v1/events", "[]"
	if kind == "read" {
		path, body = "/api/v1/query", `{"metrics":["plays"]}`
	}
	for deadline := time.Now().Add(5 * time.Second); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		_, err := s.post(ctx, path, key, "application/json", []byte(body))
		var status *statusError
		if !errors.As(err, &status) || status.code != http.StatusUnauthorized {
			return key, nil
		}
	}
	return "", fmt.Errorf("the server does not know its new %s key after 5 s", kind)
}

// statusError is an answer other than 200.
type statusError struct {
	code int
	body string
}

func (e *statusError) Error() string { return fmt.Sprintf("answer %d: %s", e.code, e.body) }

func (s *server) post(ctx context.Context, path, key, kind string, body []byte) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.url+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", kind)
	req.Header.Set("Authorization", "Bearer "+key)
	resp, err := s.client.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, err
	}
	if resp.StatusCode != http.StatusOK {
		return nil, &statusError{resp.StatusCode, string(data)}
	}
	return data, nil
}

// sum asks for one additive metric; where restricts it to one country, "" not.
func (s *server) sum(ctx context.Context, token, metric, country string) (float64, error) {
	question := map[string]any{"metrics": []string{metric}}
	if country != "" {
		question["where"] = []map[string]any{{"dimension": "country", "in": []string{country}}}
	}
	body, err := json.Marshal(question)
	if err != nil {
		return 0, err
	}
	data, err := s.post(ctx, "/api/v1/query", token, "application/json", body)
	if err != nil {
		return 0, fmt.Errorf("query: %w", err)
	}
	var table struct{ Rows [][]any }
	if err := json.Unmarshal(data, &table); err != nil {
		return 0, fmt.Errorf("query: %w", err)
	}
	if len(table.Rows) == 0 || len(table.Rows[0]) == 0 {
		return 0, nil
	}
	value, _ := table.Rows[0][0].(float64) // null is nothing yet
	return value, nil
}
