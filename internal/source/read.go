package source

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"playhead/internal/access"
	"playhead/internal/collect"
	"playhead/internal/event"
	"playhead/internal/mapping"
	"playhead/internal/source/records"
)

// Reasons why a record is fine and no event.
const (
	leftOut = "left_out_by_mapping"
	noValue = "no_value" // a tombstone of a compacted topic
)

// Bounds of the time that a topic waits after trouble.
const (
	firstWait = 250 * time.Millisecond
	mostWait  = 30 * time.Second
)

// topic is one that is read, with what it waits for.
type topic struct {
	*Topic
	meta bool // its mapping reads what Kafka says of a record

	wait   time.Duration // how long it waited last, 0 without trouble
	resume time.Time     // when to go on, zero when it does not wait
}

// reader is the loop that reads. All of it runs in one goroutine.
type reader struct {
	*Source
	client *kgo.Client
	batch  []collect.Delivered
}

func (r *reader) run(ctx context.Context) {
	for ctx.Err() == nil {
		if wait := r.o.Intake.Pressed(); wait > 0 {
			r.board.pressed(true)
			sleep(ctx, min(wait, time.Second))
			continue
		}
		r.board.pressed(false)
		r.resume()
		polling, cancel := context.WithTimeout(ctx, pollFor)
		fetches := r.client.PollRecords(polling, 4*maxBatch)
		cancel()
		r.failures(fetches)
		fetches.EachTopic(func(f kgo.FetchTopic) { r.topic(ctx, f) })
		r.client.AllowRebalance()
	}
}

func sleep(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}

// resume goes on with topics that have waited.
func (r *reader) resume() {
	for _, t := range r.topics {
		if !t.resume.IsZero() && !r.o.Clock().Before(t.resume) {
			t.resume = time.Time{}
			r.client.ResumeFetchTopics(t.Name)
		}
	}
}

// failures are the client's own, which goes on by itself.
func (r *reader) failures(fetches kgo.Fetches) {
	for _, e := range fetches.Errors() {
		if errors.Is(e.Err, context.DeadlineExceeded) || errors.Is(e.Err, context.Canceled) || errors.Is(e.Err, kgo.ErrClientClosed) {
			continue
		}
		var lost *kgo.ErrDataLoss
		if errors.As(e.Err, &lost) {
			r.o.Logger.Error("records were deleted before they were read", "topic", e.Topic, "partition", e.Partition, "error", e.Err)
			continue
		}
		r.board.trouble(e.Topic, fmt.Errorf("read: %w", e.Err))
	}
}

// topic hands over what came of one topic. After trouble the rest is read again
// later: nothing is kept here, so that partitions may move meanwhile.
func (r *reader) topic(ctx context.Context, f kgo.FetchTopic) {
	t := r.topics[f.Topic]
	var list []*kgo.Record
	f.EachRecord(func(rec *kgo.Record) { list = append(list, rec) })
	if t == nil || len(list) == 0 {
		return
	}
	for len(list) > 0 {
		n := batchOf(list)
		if err := r.deliver(ctx, t, list[:n]); err != nil {
			r.later(ctx, t, list, err)
			return
		}
		list = list[n:]
	}
	t.wait = 0
	r.board.fine(t.Name)
}

// batchOf is how many records are handed over at once.
func batchOf(list []*kgo.Record) int {
	size := 0
	for i, rec := range list {
		if size += len(rec.Value); i >= maxBatch || i > 0 && size > maxBatchBytes {
			return i
		}
	}
	return len(list)
}

// later goes back to the first record that was not handed over, and waits.
func (r *reader) later(ctx context.Context, t *topic, list []*kgo.Record, why error) {
	back := map[int32]kgo.EpochOffset{}
	for _, rec := range list {
		if _, ok := back[rec.Partition]; !ok {
			back[rec.Partition] = kgo.EpochOffset{Epoch: rec.LeaderEpoch, Offset: rec.Offset}
		}
	}
	r.client.PauseFetchTopics(t.Name)
	r.client.SetOffsets(map[string]map[int32]kgo.EpochOffset{t.Name: back})
	t.wait = min(max(firstWait, 2*t.wait), mostWait)
	var refused *collect.RefusedError
	if errors.As(why, &refused) {
		t.wait = min(max(t.wait, refused.RetryAfter), mostWait)
	}
	t.resume = r.o.Clock().Add(t.wait)
	if ctx.Err() == nil {
		r.board.retried(t.Name)
		r.board.trouble(t.Name, why)
	}
}

// deliver hands over records of one topic and marks them as done. Errors: what is
// worth trying again; then nothing of them was taken.
func (r *reader) deliver(ctx context.Context, t *topic, list []*kgo.Record) error {
	key, err := r.key(t)
	if err != nil {
		return err
	}
	clear(r.batch)
	r.batch = r.batch[:0]
	for _, rec := range list {
		d, err := t.delivered(ctx, rec)
		if err != nil {
			return err
		}
		r.batch = append(r.batch, d)
	}
	receipt, err := r.o.Intake.Deliver(ctx, key, event.FormatKafka, r.batch)
	if err != nil {
		return fmt.Errorf("the server takes nothing now: %w", err)
	}
	r.putAside(ctx, t, list, receipt.Rejected)
	r.client.MarkCommitRecords(slices.Clone(list)...) // which it sorts
	r.board.taken(t.Name, list, receipt)
	return nil
}

// key is the topic's, as long as it is active.
func (r *reader) key(t *topic) (access.Key, error) {
	for _, k := range r.o.Keys.List() {
		if k.Name == t.Key && k.Kind == access.Write && k.Active() {
			return k, nil
		}
	}
	return access.Key{}, fmt.Errorf("there is no write key %q, or it was revoked: playhead keys create --write --name %s", t.Key, t.Key)
}

// place is where a record lies.
type place struct{ *kgo.Record }

// String names topic, partition and offset.
func (p place) String() string {
	return fmt.Sprintf("topic %s, partition %d, offset %d", p.Topic, p.Partition, p.Offset)
}

// idOf names a record however often it is read. Its time is in it, since a topic
// that was made anew counts offsets from 0.
func idOf(rec *kgo.Record) string {
	id := append([]byte("kafka/"), rec.Topic...)
	id = strconv.AppendInt(append(id, '/'), int64(rec.Partition), 10)
	id = strconv.AppendInt(append(id, '/'), rec.Offset, 10)
	return string(strconv.AppendInt(append(id, '@'), rec.Timestamp.UnixMilli(), 10))
}

// delivered is what the intake gets of a record. Errors: what may pass.
func (t *topic) delivered(ctx context.Context, rec *kgo.Record) (collect.Delivered, error) {
	d := collect.Delivered{ID: idOf(rec), At: max(0, rec.Timestamp.UnixMilli()), Origin: place{rec}}
	if len(rec.Value) == 0 {
		d.Ignored = noValue
		return d, nil
	}
	text, err := t.decoder.JSON(ctx, rec.Value)
	var bad *records.Error
	switch {
	case errors.As(err, &bad):
		d.Bad = event.Invalid{Code: event.Code(bad.Code), Reason: bad.Reason}
		return d, nil
	case err != nil:
		return d, err
	case t.Map == nil:
		d.Event = text
		if t.Format != "json" { // the decoder's, until its next record
			d.Event = bytes.Clone(text)
		}
		return d, nil
	}
	d.Event, err = t.mapped(rec, text)
	var wrong *mapping.RecordError
	switch {
	case errors.As(err, &wrong):
		d.Bad = event.Invalid{Field: wrong.Field, Code: event.Code(wrong.Code), Reason: wrong.Reason}
		d.Raw = bytes.Clone(text)
	case err != nil:
		d.Ignored = leftOut
	}
	return d, nil
}

// metaRoot is where a mapping finds what Kafka says of a record.
const metaRoot = "kafka"

// mapped makes an event of a record. Errors: *mapping.RecordError, mapping.ErrSkipped.
func (t *topic) mapped(rec *kgo.Record, text []byte) ([]byte, error) {
	if !t.meta {
		return t.Map.Event(text)
	}
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	var in map[string]any
	if err := dec.Decode(&in); err != nil || in == nil {
		return t.Map.Event(text) // which says what is wrong
	}
	if _, own := in[metaRoot]; !own {
		in[metaRoot] = metaOf(rec)
	}
	return t.Map.EventOf(in)
}

func metaOf(rec *kgo.Record) map[string]any {
	number := func(n int64) json.Number { return json.Number(strconv.FormatInt(n, 10)) }
	meta := map[string]any{
		"topic": rec.Topic, "partition": number(int64(rec.Partition)), "offset": number(rec.Offset), "timestamp": number(rec.Timestamp.UnixMilli()),
	}
	if len(rec.Key) > 0 && utf8.Valid(rec.Key) {
		meta["key"] = string(rec.Key)
	}
	headers := map[string]any{}
	for _, h := range rec.Headers {
		if utf8.Valid(h.Value) {
			headers[h.Key] = string(h.Value)
		}
	}
	meta["headers"] = headers
	return meta
}

// putAside writes rejected records to the topic's dead letters, as they came, with
// the reason in headers. What cannot be written is counted and logged, and stops
// nothing.
func (r *reader) putAside(ctx context.Context, t *topic, list []*kgo.Record, rejected []collect.RejectedRecord) {
	if t.DeadLetter == "" {
		return
	}
	var letters []*kgo.Record
	last := -1
	for _, bad := range rejected {
		if bad.Record == last {
			continue
		}
		last = bad.Record
		letters = append(letters, letterOf(t.DeadLetter, list[bad.Record], bad.Invalid))
	}
	if len(letters) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), deadLetterFor)
	defer cancel()
	results := r.client.ProduceSync(ctx, letters...)
	failed := 0
	for _, res := range results {
		if res.Err != nil {
			failed++
		}
	}
	r.board.letters(t.Name, len(letters)-failed, failed)
	if failed > 0 {
		r.o.Logger.Error("rejected records could not be written to the dead letters; their places are in the debugger",
			"topic", t.Name, "dead_letter", t.DeadLetter, "records", failed, "error", results.FirstErr())
	}
}

func letterOf(to string, rec *kgo.Record, why event.Invalid) *kgo.Record {
	letter := &kgo.Record{Topic: to, Key: rec.Key, Value: rec.Value, Headers: slices.Clone(rec.Headers)}
	for _, h := range [...][2]string{
		{"playhead.topic", rec.Topic}, {"playhead.partition", strconv.Itoa(int(rec.Partition))}, {"playhead.offset", strconv.FormatInt(rec.Offset, 10)},
		{"playhead.field", why.Field}, {"playhead.code", string(why.Code)}, {"playhead.reason", why.Reason},
	} {
		letter.Headers = append(letter.Headers, kgo.RecordHeader{Key: h[0], Value: []byte(h[1])})
	}
	return letter
}

// committed is told of each commit.
func (s *Source) committed(_ *kgo.Client, _ *kmsg.OffsetCommitRequest, _ *kmsg.OffsetCommitResponse, err error) {
	if err != nil && !errors.Is(err, context.Canceled) {
		s.o.Logger.Warn("offsets could not be committed; it is tried again", "error", err)
	}
}
