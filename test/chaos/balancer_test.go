package chaos

import (
	"context"
	"io"
	"net"
	"net/http"
	"sync"
	"testing"
	"time"
)

// balancer passes connections on to collectors that answer, as a load balancer before
// them does: one that does not say that it is ready loses its connections.
type balancer struct {
	listener net.Listener
	backends []*backend

	mu   sync.Mutex
	next int
}

// backend is a collector behind it.
type backend struct {
	address string
	mu      sync.Mutex
	well    bool
	conns   map[net.Conn]bool
}

func newBalancer(t *testing.T, addresses ...string) *balancer {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	b := &balancer{listener: l}
	ctx, stop := context.WithCancel(context.Background())
	var group sync.WaitGroup
	for _, a := range addresses {
		one := &backend{address: a, well: true, conns: map[net.Conn]bool{}}
		b.backends = append(b.backends, one)
		group.Go(func() { one.watch(ctx) })
	}
	group.Go(func() { b.accept(&group) })
	t.Cleanup(func() {
		_ = l.Close()
		stop()
		for _, one := range b.backends {
			one.set(false)
		}
		group.Wait()
	})
	return b
}

// watch asks a collector twice a second whether it is ready.
func (b *backend) watch(ctx context.Context) {
	client := http.Client{Timeout: time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	for ctx.Err() == nil {
		resp, err := client.Get("http://" + b.address + "/readyz")
		if err == nil {
			resp.Body.Close()
		}
		b.set(err == nil && resp.StatusCode == http.StatusOK)
		select {
		case <-ctx.Done():
		case <-time.After(500 * time.Millisecond):
		}
	}
}

func (b *backend) set(well bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.well = well
	if !well {
		for c := range b.conns {
			_ = c.Close()
		}
	}
}

// hold remembers a connection, unless the collector is not well.
func (b *backend) hold(c net.Conn, held bool) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if held && b.well {
		b.conns[c] = true
		return true
	}
	delete(b.conns, c)
	return false
}

func (b *balancer) accept(group *sync.WaitGroup) {
	for {
		c, err := b.listener.Accept()
		if err != nil {
			return
		}
		group.Go(func() { b.pass(c) })
	}
}

// pass carries one connection.
func (b *balancer) pass(c net.Conn) {
	defer c.Close()
	for range b.backends {
		b.mu.Lock()
		one := b.backends[b.next%len(b.backends)]
		b.next++
		b.mu.Unlock()
		if !one.hold(c, true) {
			continue
		}
		to, err := net.DialTimeout("tcp", one.address, time.Second)
		if err != nil {
			one.hold(c, false)
			continue
		}
		if !one.hold(to, true) {
			_ = to.Close()
			one.hold(c, false)
			continue
		}
		var both sync.WaitGroup
		both.Go(func() { _, _ = io.Copy(to, c); _ = to.Close() }) // whichever ends first ends the other
		both.Go(func() { _, _ = io.Copy(c, to); _ = c.Close() })
		both.Wait()
		one.hold(to, false)
		one.hold(c, false)
		return
	}
}
