package replay

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"playhead/internal/mapping"
)

// Options of a Run.
type Options struct {
	// Target is the server's URL, Key a write key of it.
	Target, Key string
	Files       []string
	// Import loads history: events of any age, each record of a file once.
	Import bool
	// Speed times real time, by the events' times; 0 is as fast as the server
	// takes it.
	Speed float64
	// Map makes events of foreign records; nil takes events.
	Map *mapping.Mapping
	// Out is where progress and rejected records go; Terminal says that it is one.
	Out      io.Writer
	Terminal bool
	// Rejected takes the rejected records' numbers and reasons as JSON lines; nil
	// for nowhere.
	Rejected io.Writer
	// Client is for tests; nil makes one.
	Client *http.Client
}

// Summary of one file, or of all.
type Summary struct {
	// Records read: each was accepted, rejected, twice in one request, or left
	// out by the mapping or the server's rules.
	Records, Accepted, Rejected, Duplicate, Skipped int64
}

func (s *Summary) add(o Summary) {
	s.Records += o.Records
	s.Accepted += o.Accepted
	s.Rejected += o.Rejected
	s.Duplicate += o.Duplicate
	s.Skipped += o.Skipped
}

// Validate says what is wrong with the options.
func (o *Options) Validate() error {
	u, err := url.Parse(o.Target)
	switch {
	case err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https":
		return errors.New("the target must be a URL such as http://localhost:8080")
	case o.Key == "":
		return errors.New("a write key is needed")
	case len(o.Files) == 0:
		return errors.New("name at least one file")
	case o.Speed < 0:
		return errors.New("the speed must not be negative")
	case o.Import && o.Speed != 0:
		return errors.New("an import has its own clock: speed is for sending")
	}
	return nil
}

// Run sends all files, one after the other. A file that cannot be read to its
// end does not stop the others. Errors: those files', joined; ErrRefused; ctx's.
func Run(ctx context.Context, o Options) (total Summary, err error) {
	if o.Client == nil {
		o.Client = &http.Client{}
	}
	var errs []error
	p := newProgress(o.Out, o.Terminal)
	for _, path := range o.Files {
		r := &run{o: &o, p: p, path: path, s: sender{
			client: o.Client, target: strings.TrimRight(o.Target, "/"), key: o.Key, patience: patience,
		}}
		r.s.onWait = func(reason string) { p.line("%s: waiting: %s", path, reason) }
		err := r.file(ctx)
		total.add(r.sum)
		if err != nil {
			errs = append(errs, err)
		}
		if errors.Is(err, ErrRefused) || ctx.Err() != nil {
			break
		}
	}
	return total, errors.Join(errs...)
}

// run sends one file.
type run struct {
	o    *Options
	p    *progress
	path string
	s    sender
	sum  Summary
	b    batch
	pace pace
}

func (r *run) file(ctx context.Context) error {
	r.p.begin(r.path)
	if r.o.Import {
		var err error
		if r.s.imports, err = identity(r.path); err != nil {
			return err
		}
		if err := readable(r.path); err != nil {
			return err
		}
	}
	f, err := openFile(r.path)
	if err != nil {
		return err
	}
	defer f.close()
	damage, err := r.records(ctx, f)
	if err == nil {
		err = r.flush(ctx)
	}
	if err == nil && r.o.Import {
		err = r.s.complete(ctx)
	}
	if err != nil {
		return r.stopped(err)
	}
	r.p.end(&r.sum)
	if damage != nil {
		return fmt.Errorf("%s: after record %d: %w", r.path, r.sum.Records, damage)
	}
	return nil
}

// readable passes a file once before it is imported: mended it would be another
// import, with the same records in it.
func readable(path string) error {
	f, err := openFile(path)
	if err != nil {
		return err
	}
	defer f.close()
	for n := 0; ; n++ {
		_, err := f.next()
		if err == io.EOF {
			return nil
		}
		if _, ok := errors.AsType[*RecordError](err); err != nil && !ok {
			return fmt.Errorf("%s: after record %d: %w; nothing of it was imported", path, n, err)
		}
	}
}

func (r *run) stopped(err error) error {
	return fmt.Errorf("%s: stopped at record %d: %w", r.path, r.sum.Records, err)
}

// records takes all records of f. damage is what ended the file early.
func (r *run) records(ctx context.Context, f *file) (damage, err error) {
	for {
		record, err := f.next()
		if err == io.EOF {
			return nil, nil
		}
		bad, isBad := errors.AsType[*RecordError](err)
		if err != nil && !isBad {
			return err, nil
		}
		r.sum.Records++
		if isBad {
			r.reject(r.sum.Records, bad)
			continue
		}
		if err := r.record(ctx, record); err != nil {
			return nil, err
		}
		r.p.step(f, &r.sum)
	}
}

// record puts one record into the batch.
func (r *run) record(ctx context.Context, record []byte) error {
	event, err := record, error(nil)
	if r.o.Map != nil {
		event, err = r.o.Map.Event(record)
	} else if !r.o.Import && bytes.Contains(record, []byte(`"sent_at"`)) {
		event = withoutSentAt(record)
	}
	if bad, ok := errors.AsType[*RecordError](err); ok {
		r.reject(r.sum.Records, bad)
		return nil
	}
	if errors.Is(err, mapping.ErrSkipped) {
		r.sum.Skipped++
		return nil
	}
	if len(event) > maxRecord {
		r.reject(r.sum.Records, &RecordError{Code: "too_long", Reason: "the event is longer than 1 MiB"})
		return nil
	}
	if r.o.Speed > 0 {
		if wait := r.pace.wait(event, r.o.Speed, time.Now()); wait > 0 {
			if err := r.flush(ctx); err != nil {
				return err
			}
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-time.After(wait):
			}
		}
	}
	r.b.add(r.sum.Records, event)
	if r.b.full() {
		return r.flush(ctx)
	}
	return nil
}

// flush sends the batch until it is acknowledged.
func (r *run) flush(ctx context.Context) error {
	if len(r.b.records) == 0 {
		return nil
	}
	a, err := r.s.send(ctx, &r.b)
	if err != nil {
		return err
	}
	r.sum.Accepted += a.Accepted
	r.sum.Duplicate += a.Duplicate
	r.sum.Skipped += max(0, int64(len(r.b.records))-a.Accepted-a.Duplicate-int64(len(a.Rejected)))
	for _, bad := range a.Rejected {
		if bad.Index < 0 || bad.Index >= len(r.b.records) {
			continue
		}
		r.reject(r.b.records[bad.Index], &RecordError{Field: bad.Field, Code: bad.Code, Reason: bad.Reason})
	}
	r.b.reset()
	return nil
}

func (r *run) reject(record int64, bad *RecordError) {
	r.sum.Rejected++
	r.p.rejected(record, bad)
	if r.o.Rejected == nil {
		return
	}
	line, err := json.Marshal(map[string]any{"file": r.path, "record": record, "field": bad.Field, "code": bad.Code, "reason": bad.Reason})
	if err == nil { // texts and a number always marshal
		_, _ = r.o.Rejected.Write(append(line, '\n')) // it is on the screen, too
	}
}

// withoutSentAt takes away when it was sent first: sent again, it would pass for
// a clock that is off by as much as the file is old.
func withoutSentAt(record []byte) []byte {
	var fields map[string]json.RawMessage
	if json.Unmarshal(record, &fields) != nil || fields["sent_at"] == nil {
		return record
	}
	delete(fields, "sent_at")
	out, err := json.Marshal(fields)
	if err != nil {
		return record
	}
	return out
}

// pace holds events back until their time has come.
type pace struct {
	begun bool
	// first is the time of the first event, epoch ms, sent at start.
	first int64
	start time.Time
}

// wait is how long the event has to wait from now.
func (p *pace) wait(event []byte, speed float64, now time.Time) time.Duration {
	at, ok := timeOf(event)
	if !ok {
		return 0 // the server says what is wrong with it
	}
	if !p.begun {
		*p = pace{begun: true, first: at, start: now}
	}
	due := p.start.Add(time.Duration(float64(at-p.first) / speed * float64(time.Millisecond)))
	return due.Sub(now)
}

// timeOf is the time of an event, epoch ms.
func timeOf(event []byte) (int64, bool) {
	var e struct {
		Time json.RawMessage `json:"time"`
	}
	if json.Unmarshal(event, &e) != nil || len(e.Time) == 0 {
		return 0, false
	}
	if e.Time[0] != '"' {
		var ms float64
		err := json.Unmarshal(e.Time, &ms)
		return int64(ms), err == nil
	}
	var t time.Time
	err := json.Unmarshal(e.Time, &t)
	return t.UnixMilli(), err == nil
}
