package kafkalog_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"

	"playhead/internal/eventlog/kafkalog"
)

func board(t *testing.T, brokers []string, which kafkalog.BoardOptions) *kafkalog.Board {
	t.Helper()
	b, err := kafkalog.OpenBoard(t.Context(), kafkalog.Options{Brokers: brokers, Replication: 1}, which)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	})
	return b
}

// until waits for a condition: another process reads a moment later.
func until(t *testing.T, what string, met func() bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); !met(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("waited a minute for %s", what)
		}
	}
}

func TestBoardIsTheSameForAll(t *testing.T) {
	brokers, which := fakeCluster(t), kafkalog.BoardOptions{Topic: "control"}
	a, b := board(t, brokers, which), board(t, brokers, which)
	put := func(x *kafkalog.Board, name, value string) bool {
		t.Helper()
		var v []byte
		if value != "" {
			v = []byte(value)
		}
		first, err := x.Put(t.Context(), name, v)
		if err != nil {
			t.Fatal(err)
		}
		return first
	}
	changed := b.Changed()
	if !put(a, "key/1", "one") || put(a, "key/1", "two") {
		t.Error("the first was not told from the second")
	}
	if got := string(a.Get("key/1")); got != "two" {
		t.Errorf("who put it reads %q", got)
	}
	<-changed
	until(t, "the other process to see it", func() bool { return string(b.Get("key/1")) == "two" })
	put(b, "key/2", "three")
	put(b, "view/1", "four")
	put(b, "key/1", "")
	late := board(t, brokers, which) // has all of it when it is open
	if list := late.List("key/"); len(list) != 1 || list[0].Name != "key/2" || string(list[0].Value) != "three" {
		t.Errorf("a late one reads %v", list)
	}
	if list := late.List(""); len(list) != 2 || list[0].Place >= list[1].Place {
		t.Errorf("a late one reads %v", list)
	}
	if !put(late, "key/1", "again") {
		t.Error("what was taken away has no name any more")
	}
	if _, err := a.Put(t.Context(), "", []byte("x")); err == nil {
		t.Error("no name was taken")
	}
	if _, err := a.Put(t.Context(), "large", make([]byte, 16<<20)); err == nil || !strings.Contains(err.Error(), "at most") {
		t.Errorf("too large a value: %v", err)
	}
}

// Of many who put the same name at a time one is the first.
func TestBoardHasOneFirst(t *testing.T) {
	brokers, which := fakeCluster(t), kafkalog.BoardOptions{Topic: "control"}
	boards := []*kafkalog.Board{board(t, brokers, which), board(t, brokers, which), board(t, brokers, which)}
	for round := range 5 {
		var firsts atomic.Int32
		var all sync.WaitGroup
		for i := range 9 {
			all.Go(func() {
				first, err := boards[i%3].Put(t.Context(), fmt.Sprint("link/", round), []byte("used"))
				if err != nil {
					t.Error(err)
				}
				if first {
					firsts.Add(1)
				}
			})
		}
		all.Wait()
		if n := firsts.Load(); n != 1 {
			t.Errorf("%d were the first", n)
		}
	}
}

// What passes is for those who are there.
func TestBoardOfWhatPasses(t *testing.T) {
	brokers, which := fakeCluster(t), kafkalog.BoardOptions{Topic: "live", Passing: true}
	a, b := board(t, brokers, which), board(t, brokers, which)
	n := 0
	until(t, "the other process to see it", func() bool {
		n++
		a.Tell("0", fmt.Append(nil, n))
		return len(b.List("")) == 1
	})
	if at := b.List("")[0].At; time.Since(at) > time.Minute {
		t.Errorf("read at %v", at)
	}
}

func TestBoardRefusesOtherTopics(t *testing.T) {
	brokers := fakeCluster(t)
	admin := kadm.NewClient(client(t, brokers))
	text := func(s string) *string { return &s }
	for topic, test := range map[string]struct {
		config map[string]*string
		parts  int32
		want   string
	}{
		"forgets": {map[string]*string{"cleanup.policy": text("delete")}, 1, "cleanup.policy=delete; it must be compact"},
		"orders":  {map[string]*string{"cleanup.policy": text("compact")}, 2, "has 2 partitions; it must have 1"},
	} {
		if _, err := admin.CreateTopic(t.Context(), test.parts, 1, test.config, "playhead."+topic); err != nil {
			t.Fatal(err)
		}
		b, err := kafkalog.OpenBoard(t.Context(), kafkalog.Options{Brokers: brokers}, kafkalog.BoardOptions{Topic: topic})
		if err == nil {
			_ = b.Close()
		}
		if !errors.Is(err, kafkalog.ErrTopic) || !strings.Contains(err.Error(), test.want) {
			t.Errorf("error is %v, want %q", err, test.want)
		}
	}
}
