package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"playhead/tools/figures"
)

// What measureConnections sends: small batches over many connections, each of
// which waits for its answers.
const (
	keptConnections = 1000
	keptRate        = 20_000 // events a second, all connections together
	keptBatch       = 10     // events a request
)

// measureConnections keeps connections alive and sends at a fixed rate for a
// while. An acknowledgement's time counts from when the batch was due, so that
// a slow answer is not forgiven by sending later.
func measureConnections(ctx context.Context, o options, r *figures.Report) error {
	batches, err := smallBatches(ctx, int(keptRate*o.kept.Seconds())/keptBatch)
	if err != nil {
		return err
	}
	s, err := startServer(ctx, o.binary, "serve")
	if err != nil {
		return err
	}
	defer s.stop()
	key, err := s.key(ctx, "write")
	if err != nil {
		return err
	}
	var (
		mu      sync.Mutex
		acks    []time.Duration
		errs    []error
		senders sync.WaitGroup
	)
	period := time.Duration(float64(keptConnections*keptBatch) / keptRate * float64(time.Second))
	conns := make([]*keptConn, keptConnections)
	for i := range conns {
		if conns[i], err = dialKept(s.url, "/v1/events", key, "application/x-ndjson"); err != nil {
			return fmt.Errorf("connection %d: %w", i, err)
		}
		defer conns[i].Close()
	}
	began := time.Now().Add(100 * time.Millisecond)
	for i, conn := range conns {
		senders.Go(func() {
			mine := make([]time.Duration, 0, len(batches)/keptConnections+1)
			phase := period * time.Duration(i) / keptConnections
			for n := 0; i+n*keptConnections < len(batches) && ctx.Err() == nil; n++ {
				due := began.Add(phase + time.Duration(n)*period)
				time.Sleep(time.Until(due))
				if err := conn.send(batches[i+n*keptConnections]); err != nil {
					mu.Lock()
					errs = append(errs, fmt.Errorf("connection %d, batch %d: %w", i, n, err))
					mu.Unlock()
					return
				}
				mine = append(mine, time.Since(due))
			}
			mu.Lock()
			acks = append(acks, mine...)
			mu.Unlock()
		})
	}
	senders.Wait()
	if len(errs) > 0 {
		return errors.Join(errs[:min(3, len(errs))]...)
	}
	took := time.Since(began).Seconds()
	s.stop()
	used := s.cmd.ProcessState.UserTime() + s.cmd.ProcessState.SystemTime()
	r.Add("collect.connections.events_per_s", float64(len(acks)*keptBatch)/took, "events/s")
	r.Add("collect.connections.cores", used.Seconds()/took, "cores")
	r.Add("collect.connections.p50_ms", quantile(acks, 0.5), "ms")
	r.AtMost("collect.connections.p99_ms", quantile(acks, 0.99), "ms", 50)
	r.Add("collect.connections.p999_ms", quantile(acks, 0.999), "ms")
	r.Add("collect.connections.peak_mib", float64(s.peak.Load())/(1<<20), "MiB")
	return ctx.Err()
}

// smallBatches are n bodies of keptBatch events of the synthetic audience.
func smallBatches(ctx context.Context, n int) ([][]byte, error) {
	bodies, err := prepare(ctx, 3, int64(n*keptBatch)*11/10)
	if err != nil {
		return nil, err
	}
	out := make([][]byte, 0, n)
	var batch []byte
	lines := 0
	for _, b := range bodies {
		for line := range bytes.Lines(b.Data) {
			batch = append(batch, line...)
			if lines++; lines%keptBatch == 0 {
				out, batch = append(out, batch), nil
			}
		}
	}
	if len(out) < n {
		return nil, fmt.Errorf("%d small batches, wanted %d", len(out), n)
	}
	return out[:n], nil
}

// answeredWithin is for what hangs: a server at its limit on a busy machine may take long.
const answeredWithin = time.Minute

// keptConn is one client: it writes requests itself, so that a thousand of them
// cost the server's machine as little as can be.
type keptConn struct {
	net.Conn
	in   *bufio.Reader
	head string
	out  []byte // head and length of a request
}

func dialKept(url, path, key, kind string) (*keptConn, error) {
	host := strings.TrimPrefix(url, "http://")
	conn, err := net.Dial("tcp", host)
	if err != nil {
		return nil, err
	}
	head := fmt.Sprintf("POST %s HTTP/1.1\r\nHost: %s\r\nAuthorization: Bearer %s\r\nContent-Type: %s\r\nContent-Length: ", path, host, key, kind)
	return &keptConn{Conn: conn, in: bufio.NewReaderSize(conn, 1024), head: head}, nil
}

// send writes a batch and waits for the answer, which must take all of it.
func (c *keptConn) send(batch []byte) error {
	c.out = fmt.Appendf(append(c.out[:0], c.head...), "%d\r\n\r\n", len(batch))
	if err := c.SetDeadline(time.Now().Add(answeredWithin)); err != nil {
		return err
	}
	request := net.Buffers{c.out, batch} // in one call of the system, not copied together
	if _, err := request.WriteTo(c.Conn); err != nil {
		return err
	}
	resp, err := http.ReadResponse(c.in, nil)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode == http.StatusNoContent {
		return nil // players get no more
	}
	if err == nil && resp.StatusCode != http.StatusOK {
		err = &statusError{resp.StatusCode, string(data)}
	}
	return takeAll(data, err)
}
