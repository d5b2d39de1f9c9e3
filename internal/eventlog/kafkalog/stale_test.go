package kafkalog_test

import (
	"bytes"
	"context"
	"log/slog"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"playhead/internal/eventlog"
	"playhead/internal/eventlog/kafkalog"
)

// A broker that hung answers, for a while after it goes on, as the leader that it was:
// the state topic ends where it ended then. Who claims a partition is not taken in, and
// goes on from the last commit there was.
func TestClaimIsNotTakenInByALeaderOfBefore(t *testing.T) {
	c, err := kfake.NewCluster(kfake.NumBrokers(3))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	brokers := c.ListenAddrs()
	a := open(t, kafkalog.Options{Brokers: brokers, Partitions: 1, Dir: t.TempDir()})
	b := open(t, kafkalog.Options{Brokers: brokers, Partitions: 1, Dir: t.TempDir()})
	claim := func(l *kafkalog.Log) {
		t.Helper()
		if err := l.Claim(t.Context(), 0); err != nil {
			t.Fatal(err)
		}
	}
	step := func(l *kafkalog.Log, from, to int64, fact string) {
		t.Helper()
		if err := (again{l}).Commit(t.Context(), []eventlog.Transaction{{From: from, To: to, Output: [][]byte{[]byte(fact)}}}); err != nil {
			t.Fatal(err)
		}
	}
	claim(b)
	step(b, 0, 3, "first")
	there, err := kadm.NewClient(client(t, brokers)).ListTopics(t.Context(), "playhead.state")
	if err != nil {
		t.Fatal(err)
	}
	ends, err := kadm.NewClient(client(t, brokers)).ListEndOffsets(t.Context(), "playhead.state")
	if err != nil {
		t.Fatal(err)
	}
	before, _ := ends.Lookup("playhead.state", 0)
	before.Offset-- // it had not heard of the marker
	claim(a)
	step(a, 3, 7, "second")

	var told, fetched atomic.Int64
	c.ControlKey(int16(kmsg.ListOffsets), func(r kmsg.Request) (kmsg.Response, error, bool) {
		c.KeepControl()
		req := r.(*kmsg.ListOffsetsRequest)
		if len(req.Topics) != 1 || req.Topics[0].Topic != "playhead.state" || req.Topics[0].Partitions[0].Timestamp != -1 {
			return nil, nil, false
		}
		told.Add(1)
		resp := req.ResponseKind().(*kmsg.ListOffsetsResponse)
		p := kmsg.NewListOffsetsResponseTopicPartition()
		p.Timestamp, p.Offset, p.LeaderEpoch = -1, before.Offset, 0
		resp.Topics = []kmsg.ListOffsetsResponseTopic{{Topic: "playhead.state", Partitions: []kmsg.ListOffsetsResponseTopicPartition{p}}}
		return resp, nil, true
	})
	// It goes on so for some fetches of what is after that end.
	c.ControlKey(int16(kmsg.Fetch), func(r kmsg.Request) (kmsg.Response, error, bool) {
		c.KeepControl()
		req := r.(*kmsg.FetchRequest)
		if len(req.Topics) != 1 || req.Topics[0].TopicID != [16]byte(there["playhead.state"].ID) || fetched.Add(1) > 5 {
			return nil, nil, false
		}
		resp := req.ResponseKind().(*kmsg.FetchResponse)
		p := kmsg.NewFetchResponseTopicPartition()
		p.HighWatermark, p.LastStableOffset, p.LogStartOffset = before.Offset, before.Offset, 0
		resp.Topics = []kmsg.FetchResponseTopic{{TopicID: req.Topics[0].TopicID, Partitions: []kmsg.FetchResponseTopicPartition{p}}}
		return resp, nil, true
	})
	claim(b)
	if p, err := b.Progress(t.Context(), 0); err != nil || p.Committed != 7 {
		t.Fatalf("progress is %+v, %v; want 7, which was committed", p, err)
	}
	step(b, 7, 8, "third")
	if fetched.Load() <= 5 {
		t.Errorf("the leader of before was asked %d times only, and %d times for the end: the test proves nothing", fetched.Load(), told.Load())
	}
}

// Two that claim a partition at the same moment do not fence each other for ever: one
// may commit, and who may not is told so.
func TestTwoClaimAtOnce(t *testing.T) {
	brokers := fakeCluster(t)
	logs := []*kafkalog.Log{
		open(t, kafkalog.Options{Brokers: brokers, Partitions: 1, Dir: t.TempDir()}), open(t, kafkalog.Options{Brokers: brokers, Partitions: 1, Dir: t.TempDir()}),
	}
	for range 10 {
		results := make(chan error, len(logs))
		for _, l := range logs {
			go func() { results <- l.Claim(t.Context(), 0) }()
		}
		<-results
		<-results
		progress, owners := eventlog.Progress{}, 0
		for _, l := range logs {
			if p, err := l.Progress(t.Context(), 0); err == nil && p.Committed > progress.Committed {
				progress = p
			}
		}
		for _, l := range logs {
			tx := eventlog.Transaction{From: progress.Committed, To: progress.Committed + 1}
			if err := l.Commit(t.Context(), []eventlog.Transaction{tx}); err == nil {
				owners++
			}
		}
		if owners > 1 {
			t.Fatal("two committed from one offset")
		}
	}
}

// A start waits for brokers that are started with it, and says so once.
func TestStartWaitsForBrokers(t *testing.T) {
	reserved, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := reserved.Addr().(*net.TCPAddr).Port
	_ = reserved.Close()
	var out bytes.Buffer
	logger := slog.New(slog.NewTextHandler(&out, nil))
	opened := make(chan error, 1)
	go func() {
		l, err := kafkalog.Open(t.Context(), kafkalog.Options{Brokers: []string{reserved.Addr().String()}, Logger: logger})
		if err == nil {
			err = l.Close()
		}
		opened <- err
	}()
	time.Sleep(time.Second) // it is refused meanwhile
	c, err := kfake.NewCluster(kfake.Ports(port))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	if err := <-opened; err != nil {
		t.Fatal(err)
	}
	if log := out.String(); strings.Count(log, "does not answer yet") != 1 || !strings.Contains(log, reserved.Addr().String()) || !strings.Contains(log, "Kafka answers") {
		t.Errorf("log: %s", log)
	}
}

// A port that takes connections and says nothing is given up, with what to look at.
func TestStartGivesUp(t *testing.T) {
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	_, err = kafkalog.Open(ctx, kafkalog.Options{Brokers: []string{silent.Addr().String()}})
	if err == nil || ctx.Err() != nil || !strings.Contains(err.Error(), silent.Addr().String()) || !strings.Contains(err.Error(), "tried for 15s") {
		t.Fatalf("error is %v", err)
	}
	t.Log(err)
}
