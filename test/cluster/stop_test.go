package cluster

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
)

// A process that is told to stop while brokers hang, and what it has under way waits for
// them, ends in time and with status 0: all that was acknowledged is in the log. It says
// what it did not wait for.
func TestStopWhileBrokersHang(t *testing.T) {
	k := StartKafka(t, *libsFlag)
	p := NewProcess(t, Host{IP: "127.0.0.1"}, k, *binaryFlag, "all roles", "collect,process,load,query", "--partitions", "2", "--lake", "off")
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	if err := p.Ready(); err != nil {
		t.Fatal(err)
	}
	key := p.Key("write")
	p.Knows(key)
	ctx, cancel := context.WithCancel(t.Context())
	var group sync.WaitGroup
	defer group.Wait()
	defer cancel()
	post := func(i int) error {
		var b strings.Builder
		for j := range 200 {
			fmt.Fprintf(&b, `{"type":"play_requested","time":%d,"viewer_id":"v%d-%d","play_id":"p%d-%d","seq":0,"title_id":"t1"}`+"\n", time.Now().UnixMilli(), i, j, i, j)
		}
		r, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+p.Address+"/v1/events", strings.NewReader(b.String()))
		if err != nil {
			return err
		}
		r.Header.Set("Authorization", "Bearer "+key)
		r.Header.Set("Content-Type", "application/x-ndjson")
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			return err
		}
		return resp.Body.Close()
	}
	if err := post(0); err != nil {
		t.Fatal(err)
	}
	for w := range 2 {
		group.Go(func() {
			for i := 1; ctx.Err() == nil; i += 2 {
				_ = post(i + w) // it ends in the middle of one
			}
		})
	}
	time.Sleep(3 * time.Second) // commits are under way all the time
	for _, i := range []int{1, 2} {
		if err := k.Hang(i); err != nil {
			t.Fatal(err)
		}
		defer func() { _ = k.Resume(i) }() // before the brokers are stopped
	}
	time.Sleep(time.Second) // what is under way waits for them
	told := time.Now()
	if err := p.Stop(); err != nil {
		t.Fatalf("%v\n%s", err, p.Out.Tail(4000))
	}
	took := time.Since(told)
	said := p.Out.String()
	t.Logf("ended after %s:\n%s", took, p.Out.Tail(3000))
	if strings.Contains(said, "did not stop within") || !strings.Contains(said, "did not answer in time; nothing is lost") {
		t.Error("it does not say what it did not wait for")
	}
	if took > 30*time.Second {
		t.Errorf("it took %s", took)
	}
}
