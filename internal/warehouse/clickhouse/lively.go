package clickhouse

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"net"
	"slices"
	"sync"
	"syscall"
	"time"

	ch "github.com/ClickHouse/clickhouse-go/v2"
)

const (
	// patience is how long a server may say nothing: one at work tells of its progress
	// all the time.
	patience = 30 * time.Second
	// shunned is for how long a replica that failed is asked last.
	shunned = 15 * time.Second
	// probeTimeout bounds how long one that failed is waited for when it is tried again.
	probeTimeout = 3 * time.Second
)

// connect dials a host: its connection ends when the server hangs.
func (a *Address) connect(ctx context.Context, host string) (net.Conn, error) {
	d := net.Dialer{Timeout: dialTimeout}
	conn, err := d.DialContext(ctx, "tcp", host)
	if err != nil {
		return nil, err
	}
	conn = &lively{Conn: conn, patience: cmp.Or(a.patience, patience)}
	if !a.Secure {
		return conn, nil
	}
	name, _, err := net.SplitHostPort(host)
	if err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return tls.Client(conn, &tls.Config{ServerName: name, MinVersion: tls.VersionTLS12}), nil
}

// lively is a connection that ends when the other side neither says nor takes anything
// for a while, however long a whole answer may take. The client's own deadlines hold too.
type lively struct {
	net.Conn
	patience time.Duration

	mu          sync.Mutex
	read, write time.Time // the client's; zero for none
}

func (c *lively) Read(b []byte) (int, error) {
	c.mu.Lock()
	deadline := c.read
	c.mu.Unlock()
	if err := c.Conn.SetReadDeadline(c.sooner(deadline)); err != nil {
		return 0, err
	}
	return c.Conn.Read(b)
}

func (c *lively) Write(b []byte) (int, error) {
	c.mu.Lock()
	deadline := c.write
	c.mu.Unlock()
	if err := c.Conn.SetWriteDeadline(c.sooner(deadline)); err != nil {
		return 0, err
	}
	return c.Conn.Write(b)
}

// sooner is the deadline, or when patience ends.
func (c *lively) sooner(deadline time.Time) time.Time {
	end := time.Now().Add(c.patience)
	if !deadline.IsZero() && deadline.Before(end) {
		return deadline
	}
	return end
}

// SyscallConn has the client see whether an idle connection is open still.
func (c *lively) SyscallConn() (syscall.RawConn, error) {
	under, ok := c.Conn.(syscall.Conn)
	if !ok {
		return nil, errors.ErrUnsupported
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.Conn.SetReadDeadline(c.read); err != nil { // that of the last Read is over
		return nil, err
	}
	return under.SyscallConn()
}

func (c *lively) SetDeadline(t time.Time) error {
	return errors.Join(c.SetReadDeadline(t), c.SetWriteDeadline(t))
}

func (c *lively) SetReadDeadline(t time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.read = t
	return c.Conn.SetReadDeadline(t)
}

func (c *lively) SetWriteDeadline(t time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.write = t
	return c.Conn.SetWriteDeadline(t)
}

// broken reports whether an error is one of the way to the server, or of a server
// that cannot do its part now, and not its answer.
func broken(err error) bool {
	if err == nil {
		return false
	}
	var x *ch.Exception
	return !errors.As(err, &x)
}

// forget lets go of what is known of a replica that failed to answer: it may have
// been started anew, with less.
func (r *replica) forget() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.conn != nil {
		r.whole = map[string]map[int64]bool{}
	}
}

// note has a replica that failed be asked last for a while. An answer that says that
// it can do no such thing is a failure too: one that has lost ZooKeeper takes no rows.
func (r *replica) note(ctx context.Context, err error) error {
	const memoryLimitExceeded = 241
	var x *ch.Exception
	if err != nil && ctx.Err() == nil && !(errors.As(err, &x) && x.Code == memoryLimitExceeded) {
		r.failed.Store(time.Now().UnixNano())
	}
	return err
}

// usable reports whether a replica is thought to do what it is asked: it did the last
// time, or it answers again a while after it failed.
func (r *replica) usable(ctx context.Context) bool {
	failed := r.failed.Load()
	if failed == 0 {
		return true
	}
	if time.Since(time.Unix(0, failed)) < shunned {
		return false
	}
	ctx, cancel := context.WithTimeout(ctx, probeTimeout)
	defer cancel()
	conn, err := r.open(ctx)
	if err == nil {
		err = conn.Ping(ctx)
	}
	if err != nil {
		r.failed.Store(time.Now().UnixNano())
		return false
	}
	r.failed.Store(0)
	return true
}

// inOrder are replicas as they are to be asked: those that failed lately come last.
func inOrder(ctx context.Context, replicas []*replica) []*replica {
	var well, failed []*replica
	for _, r := range replicas {
		if r.usable(ctx) {
			well = append(well, r)
		} else {
			failed = append(failed, r)
		}
	}
	return slices.Concat(well, failed)
}

// healthy are those that did not fail lately, or all if there are none.
func healthy(ctx context.Context, replicas []*replica) []*replica {
	list := slices.DeleteFunc(slices.Clone(replicas), func(r *replica) bool { return !r.usable(ctx) })
	if len(list) == 0 {
		return replicas
	}
	return list
}
