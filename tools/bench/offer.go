package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"

	"playhead/tools/audience"
)

// offered is what became of an offer.
type offered struct {
	accepted, refused, unsent int64    // events
	acks                      []sample // ms, at when they were due
	took                      time.Duration
	lastAck                   time.Time
}

// rate is events accepted a second.
func (o *offered) rate() float64 { return float64(o.accepted) / o.took.Seconds() }

// tooLate is when a client gives up that could not even begin to send.
const tooLate = time.Second

// errUsedUp: the server is faster than was foreseen.
var errUsedUp = errors.New("what was prepared is used up")

// offer sends requests at a rate (events a second; 0 is as fast as they are
// answered) for a while, whatever the answers are: an acknowledgement's time counts
// from when its request was due. What is refused (429) another client sends later in
// place of something new, and nobody stays away as long as the answer says. When all
// connections wait for answers, what is a second late is not sent at all.
func offer(ctx context.Context, s *server, key string, flow *audience.Loop, connections int, length time.Duration, rate float64) (offered, error) {
	o := offering{flow: flow, rate: rate, began: time.Now(), length: length}
	var senders sync.WaitGroup
	var mu sync.Mutex
	var total offered
	var first error // others end of the same
	for range connections {
		conn, err := dialKept(s.url, "/v1/events", key, "application/x-ndjson")
		if err != nil {
			return total, fmt.Errorf("connect: %w", err)
		}
		senders.Go(func() {
			mine, err := o.send(ctx, conn)
			mu.Lock()
			defer mu.Unlock()
			if err = errors.Join(err, conn.Close()); first == nil {
				first = err
			}
			total.accepted, total.refused, total.unsent = total.accepted+mine.accepted, total.refused+mine.refused, total.unsent+mine.unsent
			total.acks = append(total.acks, mine.acks...)
			if mine.lastAck.After(total.lastAck) {
				total.lastAck = mine.lastAck
			}
		})
	}
	senders.Wait()
	slices.SortFunc(total.acks, func(a, b sample) int { return cmp.Compare(a.at, b.at) })
	total.took = time.Since(o.began)
	return total, first
}

// offering is what the senders of an offer share.
type offering struct {
	flow   *audience.Loop
	rate   float64
	began  time.Time
	length time.Duration

	mu    sync.Mutex
	slots int64   // that were taken
	again []int64 // requests that were refused
}

// slot is the next moment at which a request is due; false when the time is over.
func (o *offering) slot() (due time.Time, ok bool) {
	if o.rate <= 0 {
		return time.Now(), time.Since(o.began) < o.length
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	after := time.Duration(float64(o.slots) * float64(o.flow.BatchEvents()) / o.rate * float64(time.Second))
	o.slots++
	return o.began.Add(after), after < o.length
}

// request is the number of the next request to send.
func (o *offering) request() int64 {
	o.mu.Lock()
	defer o.mu.Unlock()
	if n := len(o.again); n > 0 {
		last := o.again[n-1]
		o.again = o.again[:n-1]
		return last
	}
	return o.flow.Next()
}

func (o *offering) refuse(n int64) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.again = append(o.again, n)
}

// send is one connection's part.
func (o *offering) send(ctx context.Context, conn *keptConn) (mine offered, err error) {
	var buf []byte
	for ctx.Err() == nil {
		due, ok := o.slot()
		if !ok {
			return mine, nil
		}
		if wait := time.Until(due); wait > 0 {
			time.Sleep(wait)
		} else if o.rate > 0 && -wait > tooLate {
			mine.unsent += int64(o.flow.BatchEvents())
			continue
		}
		n := o.request()
		var b body
		if b, buf, ok = o.flow.Body(buf, n); !ok {
			return mine, errUsedUp
		}
		err := conn.send(b.Data)
		var status *statusError
		switch {
		case err == nil:
			mine.lastAck = time.Now()
			mine.accepted += int64(b.Events)
			mine.acks = append(mine.acks, sample{due.Sub(o.began), float64(mine.lastAck.Sub(due).Microseconds()) / 1000})
		case errors.As(err, &status) && status.code == http.StatusTooManyRequests:
			mine.refused += int64(b.Events)
			o.refuse(n)
		default:
			return mine, err
		}
	}
	return mine, ctx.Err()
}
