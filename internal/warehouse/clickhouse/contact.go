package clickhouse

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"
)

// contactWithin is for how long a start waits for servers that may be starting too.
const contactWithin = 15 * time.Second

// contact waits until one of the servers takes a connection, since all of an
// installation may be started at once.
func (db *DB) contact(ctx context.Context, a Address) error {
	names := strings.Join(a.Hosts, ", ")
	within, cancel := context.WithTimeout(ctx, contactWithin)
	defer cancel()
	dialer := net.Dialer{Timeout: 5 * time.Second}
	for wait, told := 100*time.Millisecond, false; ; wait = min(2*wait, time.Second) {
		var errs []error
		for _, host := range a.Hosts {
			c, err := dialer.DialContext(within, "tcp", host)
			if err == nil {
				return c.Close()
			}
			errs = append(errs, err)
		}
		if !told && within.Err() == nil {
			told = true
			db.log.Warn("ClickHouse does not answer yet: it may be starting; trying again", "servers", names, "for", contactWithin, "error", errors.Join(errs...))
		}
		select {
		case <-time.After(wait):
			continue
		case <-within.Done():
		}
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("connect to ClickHouse at %s: %w", names, err)
		}
		return fmt.Errorf("connect to ClickHouse at %s: tried for %s: %w: is it running, and is warehouse the address that it is reached at from here?",
			names, contactWithin, errors.Join(errs...))
	}
}
