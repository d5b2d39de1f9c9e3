package source

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
)

const (
	// watchEvery is how often lag is measured, watchFirst while nothing answered.
	watchEvery, watchFirst = 5 * time.Second, time.Second
	// watchFor bounds one look.
	watchFor = 10 * time.Second
)

// watch measures how far topics are behind, and finds those that are not there.
type watch struct {
	admin    *kadm.Client
	client   *kgo.Client
	board    *board
	topics   map[string]*topic
	earliest bool
	missing  map[string]bool // topics that were not there at the last look
}

func (w *watch) run(ctx context.Context) {
	w.missing = map[string]bool{}
	for ctx.Err() == nil {
		every := watchEvery
		if !w.look(ctx) {
			every = watchFirst
		}
		sleep(ctx, every)
	}
}

// look measures once, and reports whether it could.
func (w *watch) look(stopped context.Context) bool {
	ctx, cancel := context.WithTimeout(stopped, watchFor)
	defer cancel()
	var names []string
	for name := range w.topics {
		names = append(names, name)
	}
	ends, err := w.admin.ListEndOffsets(ctx, names...)
	var starts kadm.ListedOffsets
	if err == nil {
		starts, err = w.admin.ListStartOffsets(ctx, names...)
	}
	if stopped.Err() != nil {
		return false
	}
	if w.board.answered(err); err != nil {
		return false
	}
	committed := w.client.CommittedOffsets()
	for _, name := range names {
		if err := topicError(ends[name]); err != nil {
			w.missing[name] = true
			w.board.trouble(name, err)
			continue
		}
		if w.missing[name] {
			delete(w.missing, name)
			w.board.fine(name)
		}
		lag := int64(0)
		for p, next := range w.board.reached(name) {
			end := ends[name][p].Offset
			if c, ok := committed[name][p]; ok {
				next = max(next, c.Offset)
			}
			if next < 0 && w.earliest {
				next = starts[name][p].Offset
			}
			if next >= 0 && end > next {
				lag += end - next
			}
		}
		w.board.setLag(name, lag)
	}
	return true
}

// topicError is why a whole topic cannot be read, or nil.
func topicError(list map[int32]kadm.ListedOffset) error {
	if len(list) == 0 {
		return errors.New("the topic is not there, or this user may not see it")
	}
	for _, o := range list {
		switch {
		case errors.Is(o.Err, kerr.UnknownTopicOrPartition):
			return errors.New("the topic is not there, or this user may not see it")
		case errors.Is(o.Err, kerr.TopicAuthorizationFailed):
			return fmt.Errorf("this user may not read the topic: %w", o.Err)
		}
	}
	return nil
}

// hintOf says what an error of a connection likely means.
func hintOf(err error) string {
	switch {
	case errors.Is(err, kerr.SaslAuthenticationFailed):
		return " (are sasl: user and password right?)"
	case errors.Is(err, kerr.UnsupportedSaslMechanism), errors.Is(err, kerr.IllegalSaslState):
		return " (is sasl: mechanism one that the broker offers?)"
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return " (does the broker want tls or sasl, or neither?)"
	}
	return ""
}
