package main

import (
	"bytes"
	"context"
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
	"syscall"
	"time"
)

// server is the product's binary over a data folder.
type server struct {
	url   string
	data  string
	cmd   *exec.Cmd
	log   bytes.Buffer
	token string
	// whole keeps answers open for as long as they take: none is given up.
	client http.Client
}

// serve starts the binary and waits until it can answer.
func serve(ctx context.Context, binary, data string, args ...string) (*server, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	addr := l.Addr().String()
	if err := l.Close(); err != nil {
		return nil, err
	}
	s := &server{url: "http://" + addr, data: data}
	if s.token, err = key(ctx, binary, data, "--read"); err != nil {
		return nil, err
	}
	s.cmd = exec.Command(binary, append([]string{"serve", "--listen", addr, "--data-dir", data, "--log-level", "warn"}, args...)...)
	s.cmd.Stdout, s.cmd.Stderr = &s.log, &s.log
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	for deadline := time.Now().Add(5 * time.Minute); ; time.Sleep(50 * time.Millisecond) {
		if resp, err := s.client.Get(s.url + "/readyz"); err == nil {
			resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				return s, nil
			}
		}
		if ctx.Err() != nil || time.Now().After(deadline) {
			return nil, errors.Join(fmt.Errorf("the server was not ready in time:\n%s", &s.log), s.stop())
		}
	}
}

// key makes a key; kind is --read or --write.
func key(ctx context.Context, binary, data, kind string) (string, error) {
	out, err := exec.CommandContext(ctx, binary, "keys", "create", kind, "--name", "trillion "+time.Now().Format("150405.000000"), "--data-dir", data).Output()
	if err != nil {
		return "", fmt.Errorf("make a key: %w", err)
	}
	first, _, _ := strings.Cut(string(out), "\n")
	return first, nil
}

func (s *server) stop() error {
	if s.cmd.ProcessState != nil {
		return nil
	}
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	return s.cmd.Wait()
}

// ask sends a question and gives the answer, and how long it took to the last byte.
func (s *server) ask(ctx context.Context, q *question) ([]byte, time.Duration, error) {
	method, body := http.MethodGet, io.Reader(nil)
	if q.body != "" {
		method, body = http.MethodPost, strings.NewReader(q.body)
	}
	req, err := http.NewRequestWithContext(ctx, method, s.url+q.path, body)
	if err != nil {
		return nil, 0, err
	}
	req.Header.Set("Authorization", "Bearer "+s.token)
	req.Header.Set("Content-Type", "application/json")
	if !strings.HasPrefix(q.name, keptPrefix) && q.name != storedQuestion {
		req.Header.Set("Cache-Control", "no-cache") // of the twelve, answers that are kept for a while are not what is measured
	}
	began := time.Now()
	resp, err := s.client.Do(req)
	if err != nil {
		return nil, 0, err
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	took := time.Since(began)
	if err != nil {
		return nil, 0, err
	}
	if resp.StatusCode != http.StatusOK {
		return nil, 0, fmt.Errorf("%s %s: answer %d: %.400s", method, q.path, resp.StatusCode, answer)
	}
	return answer, took, nil
}

// bytesRead is what the server has read so far, from files and sockets.
func (s *server) bytesRead() int64 {
	data, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(s.cmd.Process.Pid), "io"))
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(data)) {
		if text, ok := strings.CutPrefix(line, "rchar: "); ok {
			n, _ := strconv.ParseInt(strings.TrimSpace(text), 10, 64)
			return n
		}
	}
	return 0
}

// processorTime is what the server has used of the processors so far.
func (s *server) processorTime() time.Duration {
	data, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(s.cmd.Process.Pid), "stat"))
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(data), ") ")
	fields := strings.Fields(rest)
	if len(fields) < 13 {
		return 0
	}
	user, _ := strconv.ParseInt(fields[11], 10, 64)
	system, _ := strconv.ParseInt(fields[12], 10, 64)
	return time.Duration(user+system) * 10 * time.Millisecond // the kernel counts hundredths of a second
}

// forget drops a folder's files from the operating system's cache.
func forget(dir string) error {
	return filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		defer f.Close()
		if err := f.Sync(); err != nil {
			return err
		}
		return fadviseDontNeed(f)
	})
}

// diskBytes is what the files of a folder take.
func diskBytes(dir string) (n int64) {
	_ = filepath.WalkDir(dir, func(_ string, d os.DirEntry, err error) error { // a file that goes meanwhile counts for nothing
		if err == nil && d.Type().IsRegular() {
			if info, err := d.Info(); err == nil {
				n += info.Size()
			}
		}
		return nil
	})
	return n
}
