package clickhousetest

import (
	"bytes"
	"net"
	"sync"
	"testing"
)

// Proxy is a way to a server on which answers can be lost.
type Proxy struct {
	Addr string // host:port

	listener net.Listener
	to       string
	wg       sync.WaitGroup

	mu    sync.Mutex
	lose  []byte // nil to lose nothing
	lost  int
	conns map[net.Conn]bool
}

// NewProxy opens a way to an address, closed when the test ends.
func NewProxy(t *testing.T, to string) *Proxy {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &Proxy{Addr: l.Addr().String(), listener: l, to: to, conns: map[net.Conn]bool{}}
	p.wg.Add(1)
	go p.accept()
	t.Cleanup(func() {
		_ = l.Close()
		p.mu.Lock()
		for c := range p.conns {
			_ = c.Close()
		}
		p.mu.Unlock()
		p.wg.Wait()
	})
	return p
}

// LoseAnswer has the answer to the next INSERT whose text has some words be lost with
// its connection, once the server has done what it says; "" loses no more.
func (p *Proxy) LoseAnswer(words string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.lose = nil
	if words != "" {
		p.lose = []byte(words)
	}
}

// Lost is how many answers were.
func (p *Proxy) Lost() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.lost
}

func (p *Proxy) accept() {
	defer p.wg.Done()
	for {
		client, err := p.listener.Accept()
		if err != nil {
			return // closed
		}
		server, err := net.Dial("tcp", p.to)
		if err != nil {
			_ = client.Close()
			continue
		}
		p.mu.Lock()
		p.conns[client], p.conns[server] = true, true
		p.mu.Unlock()
		w := &way{p: p, client: client, server: server}
		p.wg.Add(2)
		go w.copy(client, server, w.asked)
		go w.copy(server, client, w.answered)
	}
}

// way is a connection through a proxy.
type way struct {
	p              *Proxy
	client, server net.Conn

	mu   sync.Mutex
	step int // 0: nothing is lost; 1: the INSERT was seen; 2: it was answered; 3: its rows were sent
}

// copy hands on what comes, unless see forbids it.
func (w *way) copy(from, to net.Conn, see func([]byte) bool) {
	defer w.p.wg.Done()
	defer func() {
		_, _ = from.Close(), to.Close() // of a way that ends, whoever ended it
	}()
	buf := make([]byte, 1<<16)
	for {
		n, err := from.Read(buf)
		if n > 0 {
			if !see(buf[:n]) {
				return
			}
			if _, err := to.Write(buf[:n]); err != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}

// asked looks at what the client says: the INSERT, and after the server told it the
// columns, the rows.
func (w *way) asked(data []byte) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.p.mu.Lock()
	defer w.p.mu.Unlock()
	switch {
	case w.step == 2:
		w.step = 3
	case w.p.lose != nil && bytes.Contains(data, w.p.lose):
		w.p.lose, w.step = nil, 1
	}
	return true
}

func (w *way) answered([]byte) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch w.step {
	case 1:
		w.step = 2
	case 3:
		w.p.mu.Lock()
		w.p.lost++
		w.p.mu.Unlock()
		return false
	}
	return true
}
