package audience

import (
	"container/heap"
	"context"
	"errors"
	"math"
	"sync"
	"time"
)

// Crowd is an audience that watches in real time: what happens in it happens when it is
// sent. Of requests that are kept, some hours of an audience, many copies are sent side by
// side, each begun at another place of those hours, to other viewers in other plays. So
// it has as many viewers and as many events a second in each moment, and each lives
// through a second in a second. A copy that is through begins again, with others.
type Crowd struct {
	bodies []Body
	sites  [][]site
	due    []int64 // when a body is sent, ms after the first event
	first  int64   // the time of the first event of those that are kept, epoch ms
	span   int64   // of those that are kept, ms
	copies int64
	events int // of those that are kept

	mu     sync.Mutex
	began  time.Time
	within int64 // ms until all have begun
	heads  heads // the next request of each copy, and those to be sent again
}

// Request is one request of a Crowd: when it is due, and its number for Body.
type Request struct {
	Due    time.Time
	Number int64
}

// NewCrowd prepares a crowd of o's audience that has so many events a second. It takes
// from o.Events (0 is some two million) as many copies as that needs.
func NewCrowd(ctx context.Context, o Options, rate float64) (*Crowd, error) {
	if o.Events == 0 {
		o.Events = loopEvents
	}
	bodies, err := Prepare(ctx, o)
	if err != nil {
		return nil, err
	}
	c := &Crowd{bodies: bodies}
	var last int64
	if c.sites, c.first, last, err = find(bodies, false); err != nil {
		return nil, err
	}
	c.span = last - c.first + 1
	due := int64(0)
	for i, b := range bodies {
		c.events += b.Events
		for _, s := range c.sites[i] {
			if s.kind != siteID {
				due = max(due, s.ms-c.first) // a body has what is late, too: it follows the one before it
			}
		}
		c.due = append(c.due, due)
	}
	c.copies = int64(math.Round(rate * float64(c.span) / 1000 / float64(c.events)))
	if c.copies < 1 {
		return nil, errors.New("that few events a second are less than one copy of the audience has")
	}
	return c, nil
}

// Begin has the crowd begin at a moment: its copies come one after the other until all
// are there, each at its place.
func (c *Crowd) Begin(at time.Time, within time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.began, c.within, c.heads = at, within.Milliseconds(), nil
	bodies := int64(len(c.bodies))
	for n := range c.copies {
		i := int64(0)
		for i < bodies && c.due[i] < c.phase(n) {
			i++
		}
		number := n*bodies + i
		if i == bodies {
			number = (n + c.copies) * bodies
		}
		c.heads = append(c.heads, Request{c.dueOf(number), number})
	}
	heap.Init(&c.heads)
}

// phase is where in the kept hours a copy begins, ms.
func (c *Crowd) phase(n int64) int64 { return n % c.copies * c.span / c.copies }

// shift is by how much the kept times of a copy's round are moved, ms. A copy and its
// round make one number.
func (c *Crowd) shift(number int64) int64 {
	comes := number % c.copies * c.within / c.copies
	return c.began.UnixMilli() + comes - c.first - c.phase(number) + number/c.copies*c.span
}

func (c *Crowd) dueOf(number int64) time.Time {
	bodies := int64(len(c.bodies))
	return time.UnixMilli(c.first + c.due[number%bodies] + c.shift(number/bodies))
}

// Next is the request that is due next.
func (c *Crowd) Next() Request {
	c.mu.Lock()
	defer c.mu.Unlock()
	r, bodies := c.heads[0], int64(len(c.bodies))
	if r.Number < 0 {
		heap.Pop(&c.heads)
		return Request{r.Due, -r.Number - 1}
	}
	next := r.Number + 1
	if next%bodies == 0 {
		next += (c.copies - 1) * bodies // the copy's next round
	}
	c.heads[0] = Request{c.dueOf(next), next}
	heap.Fix(&c.heads, 0)
	return r
}

// Again has a request sent once more, at another time, beside what is due by then.
func (c *Crowd) Again(number int64, at time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	heap.Push(&c.heads, Request{at, -number - 1})
}

// Body is request number n. dst is memory that it uses; it is good until dst is used again.
func (c *Crowd) Body(dst []byte, n int64) (b Body, buf []byte) {
	i, number := n%int64(len(c.bodies)), n/int64(len(c.bodies))
	dst = renew(dst, c.bodies[i].Data, c.sites[i], number, c.shift(number))
	return Body{dst, c.bodies[i].Events}, dst
}

// BatchEvents is how many events a request has, but for the last one of a round.
func (c *Crowd) BatchEvents() int { return c.bodies[0].Events }

// Rate is how many events a second it has: of whole copies.
func (c *Crowd) Rate() float64 {
	return float64(c.copies) * float64(c.events) * 1000 / float64(c.span)
}

// Copies is how many audiences are sent side by side.
func (c *Crowd) Copies() int64 { return c.copies }

// heads are requests, the next one first; a number below zero is that of one that is
// sent again, and stands for no copy.
type heads []Request

func (h heads) Len() int           { return len(h) }
func (h heads) Less(i, j int) bool { return h[i].Due.Before(h[j].Due) }
func (h heads) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *heads) Push(x any)        { *h = append(*h, x.(Request)) }
func (h *heads) Pop() any {
	old := *h
	x := old[len(old)-1]
	*h = old[:len(old)-1]
	return x
}
