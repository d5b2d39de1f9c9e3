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

// source is where the senders of an offer have their requests from.
type source interface {
	// next is the next request and when it is due; false when the time is over.
	next() (n int64, due time.Time, ok bool)
	// refuse has a request that the server sent away sent again.
	refuse(n int64)
	// skip is of a request for which it was too late.
	skip(n int64)
	// body is a request's, in memory of dst; false when what was prepared is used up.
	body(dst []byte, n int64) (b body, buf []byte, ok bool)
	// events is how many a request has.
	events() int
}

// offer sends requests at a rate (events a second; 0 is as fast as they are
// answered) for a while, whatever the answers are: an acknowledgement's time counts
// from when its request was due. What is refused (429) another client sends later in
// place of something new, and nobody stays away as long as the answer says. When all
// connections wait for answers, what is a second late is not sent at all.
func offer(ctx context.Context, s *server, key string, flow *audience.Loop, connections int, length time.Duration, rate float64) (offered, error) {
	return offerOf(ctx, s, key, &paced{flow: flow, rate: rate, began: time.Now(), length: length}, connections, rate > 0)
}

// offerOf sends what a source has when it is due; where nothing has to be in time,
// nothing can be too late.
func offerOf(ctx context.Context, s *server, key string, from source, connections int, inTime bool) (offered, error) {
	o := offering{source: from, inTime: inTime, began: time.Now()}
	var senders sync.WaitGroup
	var mu sync.Mutex
	var total offered
	var first error // others end of the same
	for range connections {
		senders.Go(func() {
			mine, err := o.send(ctx, func() (*keptConn, error) { return dialKept(s.url, "/v1/events", key, "application/x-ndjson") })
			mu.Lock()
			defer mu.Unlock()
			if first == nil {
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

// paced are the requests of a loop, evenly at a rate.
type paced struct {
	flow   *audience.Loop
	rate   float64
	began  time.Time
	length time.Duration

	mu    sync.Mutex
	slots int64   // that were taken
	again []int64 // requests that were refused
}

func (p *paced) next() (n int64, due time.Time, ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.rate <= 0 {
		due = time.Now()
	} else {
		due = p.began.Add(time.Duration(float64(p.slots) * float64(p.flow.BatchEvents()) / p.rate * float64(time.Second)))
		p.slots++
	}
	if due.Sub(p.began) >= p.length {
		return 0, due, false
	}
	if last := len(p.again) - 1; last >= 0 {
		n = p.again[last]
		p.again = p.again[:last]
		return n, due, true
	}
	return p.flow.Next(), due, true
}

func (p *paced) refuse(n int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.again = append(p.again, n)
}

// skip leaves out the moment, not what would have been sent.
func (p *paced) skip(n int64) { p.refuse(n) }

func (p *paced) body(dst []byte, n int64) (body, []byte, bool) { return p.flow.Body(dst, n) }
func (p *paced) events() int                                   { return p.flow.BatchEvents() }

// live are the requests of a crowd, each when it happens.
type live struct {
	crowd *audience.Crowd
	until time.Time
}

func (l *live) next() (n int64, due time.Time, ok bool) {
	r := l.crowd.Next()
	return r.Number, r.Due, r.Due.Before(l.until)
}

// refuse has it sent again in a second, as players do.
func (l *live) refuse(n int64) { l.crowd.Again(n, time.Now().Add(time.Second)) }

// skip leaves it out for good: another moment has events of its own.
func (l *live) skip(int64) {}

func (l *live) body(dst []byte, n int64) (body, []byte, bool) {
	b, buf := l.crowd.Body(dst, n)
	return b, buf, true
}

func (l *live) events() int { return l.crowd.BatchEvents() }

// offering is what the senders of an offer share.
type offering struct {
	source
	inTime bool
	began  time.Time
}

// send is one connection's part. It is made for its first request, since the server
// closes one that says nothing for long.
func (o *offering) send(ctx context.Context, dial func() (*keptConn, error)) (mine offered, err error) {
	var buf []byte
	var conn *keptConn
	defer func() {
		if conn != nil {
			err = errors.Join(err, conn.Close())
		}
	}()
	for ctx.Err() == nil {
		n, due, ok := o.next()
		if !ok {
			return mine, nil
		}
		if wait := time.Until(due); wait > 0 {
			time.Sleep(wait)
		} else if o.inTime && -wait > tooLate {
			mine.unsent += int64(o.events())
			o.skip(n)
			continue
		}
		var b body
		if b, buf, ok = o.body(buf, n); !ok {
			return mine, errUsedUp
		}
		if conn == nil {
			if conn, err = dial(); err != nil {
				return mine, fmt.Errorf("connect: %w", err)
			}
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
