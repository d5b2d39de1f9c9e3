package app

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"playhead/internal/access"
	"playhead/internal/event"
	"playhead/internal/eventlog"
)

// A collector is stopped while clients send on connections that they keep, behind what
// asks whether it is ready: each request is answered 200, so that nothing is sent
// again, and what was answered is in the log.
func TestAStopHasNothingSentAgain(t *testing.T) {
	settings := DefaultSettings()
	settings.Listen, settings.DataDir, settings.Roles, settings.LogLevel = "127.0.0.1:0", t.TempDir(), "collect", "error"
	settings.Kafka, settings.KafkaReplication, settings.MaxLag = fakeKafka(t), 1, 0
	settings.Drain = 5 * time.Minute // it is ended below, however slow the machine is
	s, err := newServer(t.Context(), Options{Settings: settings, Out: io.Discard, Log: io.Discard}, nil, false)
	if err != nil {
		t.Fatal(err)
	}
	key, _, err := s.keys.Create(access.Write, "web")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	running, cancel := s.drained(ctx)
	defer cancel()
	ended := make(chan error, 1)
	go func() { ended <- stages(running, s.log, 30*time.Second, s.stages()) }()
	url := "http://" + s.listener.Addr().String()

	var ready atomic.Bool
	ready.Store(true)
	var clients sync.WaitGroup
	var sent, closed atomic.Int64
	for c := range 8 {
		clients.Go(func() {
			transport := &http.Transport{MaxIdleConnsPerHost: 1}
			defer transport.CloseIdleConnections()
			client := http.Client{Transport: transport}
			for n := 0; ready.Load(); n++ {
				body := fmt.Sprintf(`{"type":"play_started","time":%d,"viewer_id":"v%d","play_id":"p%d-%d","seq":0,"title_id":"t"}`, time.Now().UnixMilli(), c, c, n)
				r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url+"/v1/events", strings.NewReader(body))
				if err != nil {
					t.Error(err)
					return
				}
				r.GetBody = nil // what is not answered is not sent again unseen
				r.Header.Set("Authorization", "Bearer "+key)
				resp, err := client.Do(r)
				if err != nil {
					t.Errorf("a request was not answered: %v", err)
					return
				}
				_, _ = io.Copy(io.Discard, resp.Body) // the status says it
				resp.Body.Close()
				if resp.StatusCode != http.StatusOK {
					t.Errorf("a request was answered %d", resp.StatusCode)
					return
				}
				sent.Add(1)
				if resp.Close {
					closed.Add(1)
				}
			}
		})
	}
	soon(t, "something to be sent", func() bool { return sent.Load() > 50 })
	stop()
	soon(t, "the process not to be ready", func() bool {
		resp, err := http.Get(url + "/readyz")
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		return resp.StatusCode == http.StatusServiceUnavailable
	})
	soon(t, "clients to be told to go elsewhere", func() bool { return closed.Load() > 0 })
	ready.Store(false) // what a load balancer finds out
	clients.Wait()
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if n := inLog(t, s.events); n != sent.Load() {
		t.Errorf("%d events are in the log, %d were acknowledged", n, sent.Load())
	}
	if err := s.close(); err != nil {
		t.Error(err)
	}
}

// inLog are the events in a log.
func inLog(t *testing.T, l eventlog.Log) (n int64) {
	t.Helper()
	for p := range l.Partitions() {
		for at := int64(0); ; {
			next, err := l.Read(t.Context(), eventlog.Events, eventlog.Cursor{Partition: p, Offset: at}, 1<<20, func(e eventlog.Entry) error {
				var ev event.Event
				kind, err := event.DecodeRecord(e.Data, &ev)
				if kind == event.RecordEvent {
					n++
				}
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			if next == at {
				break
			}
			at = next
		}
	}
	return n
}
