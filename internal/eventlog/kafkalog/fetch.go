package kafkalog

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"playhead/internal/eventlog"
)

// page is what one fetch brought of a partition, from an offset on.
type page struct {
	from, next int64 // every committed record of [from, next) is in it
	stable     int64 // the partition's end, as of the fetch
	records    []*kgo.Record
}

// after is the index of the first record at or after an offset.
func (p *page) after(offset int64) int {
	low, high := 0, len(p.records)
	for low < high {
		if mid := (low + high) / 2; p.records[mid].Offset < offset {
			low = mid + 1
		} else {
			high = mid
		}
	}
	return low
}

// wanted is what to fetch of a partition.
type wanted struct {
	partition int32
	from      int64
	bytes     int32
}

var (
	// errBehind: a new leader does not know yet what is committed: ask again.
	errBehind = errors.New("the leader is catching up")
	// errOutside: the offset is before the first or after the last.
	errOutside = errors.New("offset is outside of the partition")
)

// fetch asks the leaders for records that are committed, and lets them wait for
// some. One that leads nothing with records does not keep the others' from coming,
// but the answer comes when all have answered. An error is of what could not be
// asked; pages are what could.
func (l *Log) fetch(ctx context.Context, client *kgo.Client, topic int, want []wanted, wait time.Duration) (map[int32]*page, error) {
	leaders, err := l.leaders(ctx, client, topic)
	if err != nil {
		return nil, err
	}
	by := map[int32][]wanted{}
	for _, w := range want {
		by[leaders[w.partition]] = append(by[leaders[w.partition]], w)
	}
	var (
		mu    sync.Mutex
		group sync.WaitGroup
		pages = map[int32]*page{}
		errs  []error
	)
	for leader, list := range by {
		group.Go(func() {
			got, err := l.fetchFrom(ctx, client, leader, topic, list, wait)
			mu.Lock()
			defer mu.Unlock()
			for p, page := range got {
				pages[p] = page
			}
			if err != nil {
				errs = append(errs, err)
			}
		})
	}
	group.Wait()
	return pages, errors.Join(errs...)
}

// leaders are who leads each partition, as far as the client knows.
func (l *Log) leaders(ctx context.Context, client *kgo.Client, topic int) (map[int32]int32, error) {
	req := kmsg.NewPtrMetadataRequest()
	t := kmsg.NewMetadataRequestTopic()
	name := l.opts.name(l.topics[topic].topic)
	t.Topic = &name
	req.Topics = append(req.Topics, t)
	resp, err := client.RequestCachedMetadata(ctx, req, metadataAge)
	if err != nil {
		return nil, fmt.Errorf("ask who leads %s: %w", name, err)
	}
	leaders := make(map[int32]int32, l.partitions)
	for _, t := range resp.Topics {
		for _, p := range t.Partitions {
			leaders[p.Partition] = p.Leader
		}
	}
	return leaders, nil
}

// metadataAge is for how long a leader is believed to be one.
const metadataAge = 2 * time.Second

func (l *Log) fetchFrom(ctx context.Context, client *kgo.Client, leader int32, topic int, list []wanted, wait time.Duration) (map[int32]*page, error) {
	name := l.opts.name(l.topics[topic].topic)
	if leader < 0 {
		return nil, fmt.Errorf("fetch from %s: %w", name, kerr.LeaderNotAvailable)
	}
	req := kmsg.NewPtrFetchRequest()
	req.MaxWaitMillis, req.MinBytes, req.MaxBytes = int32(wait.Milliseconds()), 1, maxFetch
	req.IsolationLevel = 1 // committed records only
	req.SessionEpoch = -1  // no session
	t := kmsg.NewFetchRequestTopic()
	t.Topic, t.TopicID = name, l.topics[topic].id
	for _, w := range list {
		p := kmsg.NewFetchRequestTopicPartition()
		p.Partition, p.FetchOffset, p.PartitionMaxBytes = w.partition, w.from, w.bytes
		t.Partitions = append(t.Partitions, p)
	}
	req.Topics = append(req.Topics, t)
	kresp, err := client.Broker(int(leader)).Request(ctx, req)
	if err != nil {
		return nil, fmt.Errorf("fetch from %s of broker %d: %w", name, leader, err)
	}
	resp := kresp.(*kmsg.FetchResponse)
	if err := kerr.ErrorForCode(resp.ErrorCode); err != nil {
		return nil, fmt.Errorf("fetch from %s of broker %d: %w", name, leader, err)
	}
	pages, errs := map[int32]*page{}, []error(nil)
	for _, t := range resp.Topics {
		for i := range t.Partitions {
			got := &t.Partitions[i]
			for _, w := range list {
				if w.partition != got.Partition {
					continue
				}
				page, err := open(name, w, got)
				if err != nil {
					errs = append(errs, fmt.Errorf("fetch from %s, partition %d, offset %d: %w", name, w.partition, w.from, err))
					continue
				}
				pages[w.partition] = page
			}
		}
	}
	return pages, errors.Join(errs...)
}

// maxFetch bounds the answer of one broker, bytes.
const maxFetch = 32 << 20

// open decodes what a fetch brought of a partition.
func open(name string, w wanted, got *kmsg.FetchResponseTopicPartition) (*page, error) {
	switch err := kerr.ErrorForCode(got.ErrorCode); {
	case errors.Is(err, kerr.OffsetOutOfRange):
		return nil, errOutside
	case err != nil:
		return nil, err
	case got.HighWatermark < w.from:
		return nil, errBehind
	}
	opts := kgo.ProcessFetchPartitionOpts{Offset: w.from, IsolationLevel: kgo.ReadCommitted(), Topic: name, Partition: w.partition}
	fp, next := kgo.ProcessFetchPartition(opts, got, kgo.DefaultDecompressor(), nil)
	if fp.Err != nil {
		return nil, fmt.Errorf("%w: %w", eventlog.ErrCorrupt, fp.Err)
	}
	stable := got.LastStableOffset
	if stable < 0 {
		stable = got.HighWatermark
	}
	return &page{from: w.from, next: max(next, w.from), stable: stable, records: fp.Records}, nil
}

// pages remembers what was fetched last of each partition: what a wait found is
// read next, and several may read the same.
type pages struct {
	mu   sync.Mutex
	last map[pageKey]*page
}

type pageKey struct {
	topic     int
	partition int32
}

func (c *pages) find(topic int, partition int32, offset int64) *page {
	c.mu.Lock()
	defer c.mu.Unlock()
	p := c.last[pageKey{topic, partition}]
	if p == nil || offset < p.from || offset >= p.next {
		return nil
	}
	return p
}

func (c *pages) keep(topic int, partition int32, p *page) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.last == nil {
		c.last = map[pageKey]*page{}
	}
	c.last[pageKey{topic, partition}] = p
}

func (c *pages) drop(topic int, partition int32) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.last, pageKey{topic, partition})
}

// pollers are clients that wait for records: a broker answers the requests of one
// connection one after the other, so that each wait needs connections of its own.
type pollers struct {
	mu   sync.Mutex
	free []*kgo.Client
}

func (p *pollers) take(o *Options) (*kgo.Client, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if n := len(p.free); n > 0 {
		c := p.free[n-1]
		p.free = p.free[:n-1]
		return c, nil
	}
	return o.client()
}

func (p *pollers) give(c *kgo.Client) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.free = append(p.free, c)
}

func (p *pollers) close() {
	for _, c := range p.free {
		c.Close()
	}
}
