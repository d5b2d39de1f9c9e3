package scale

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"playhead/test/cluster"
)

// probeCountry is where nobody else of the audience is.
const probeCountry = "AQ"

// A partition whose plays are open, and tell that they are, is taken over by a processor
// that has never had it, after its own is killed. Beside them a new play begins ten times
// a second. Measured is the time from the kill to the first answer that has a play in it
// which began after the kill.
func TestTakeover(t *testing.T) {
	k := cluster.StartKafka(t, *libsFlag)
	settings := []string{"--partitions", "1", "--lake", "off"}
	collector := cluster.NewProcess(t, here, k, *binaryFlag, "collector", "collect", settings...)
	begin(t, collector)
	answers := cluster.NewProcess(t, here, k, *binaryFlag, "who answers", "load,query", append(settings, "--ring-file", collector.Dir+"/ring.json")...)
	owner := cluster.NewProcess(t, here, k, *binaryFlag, "processor 1", "process", settings...)
	begin(t, answers, owner)
	c := &crowd{t: t, url: "http://" + collector.Address, key: collector.Key("write")}
	token := answers.Key("read")
	c.begin(*playsFlag)
	eventually(t, "all plays to be open", func() bool { return gauge(owner, "playhead_process_open_plays") >= float64(*playsFlag) })
	ctx, stop := context.WithCancel(t.Context())
	var group sync.WaitGroup
	group.Go(func() { c.beat(ctx, *playsFlag) })
	group.Go(func() { c.probe(ctx) })
	defer group.Wait()
	defer stop()
	var worst time.Duration
	for round := range *roundsFlag {
		next := cluster.NewProcess(t, here, k, *binaryFlag, fmt.Sprintf("processor %d", round+2), "process", settings...)
		begin(t, next)              // a spare one
		time.Sleep(3 * time.Second) // a snapshot or two under this load
		took, claimed := c.takeover(owner, next, answers, token)
		open := regexp.MustCompile(`took a partition.*open_plays=(\d+).*( claimed_in=.*)`).FindStringSubmatch(next.Out.String())
		read := regexp.MustCompile(`claimed a partition.*( state_records=\S+)`).FindStringSubmatch(next.Out.String())
		if open == nil || read == nil {
			t.Fatalf("%s does not say that it took the partition\n%s", next.Name, next.Out.Tail(2000))
		}
		plays, _ := strconv.Atoi(open[1])
		if plays < *playsFlag {
			t.Errorf("%d plays were open when it was taken over, not %d", plays, *playsFlag)
		}
		fmt.Printf("round %d: %d open plays taken over after %.2f s, figures move on after %.2f s;%s%s\n", round+1, plays, claimed.Seconds(), took.Seconds(), read[1], open[2])
		worst, owner = max(worst, took), next
	}
	figure("takeover.open_plays", float64(*playsFlag), "plays")
	figure("takeover.open_plays_s", worst.Seconds(), "s")
}

// crowd is an audience whose events are made here.
type crowd struct {
	t        *testing.T
	url, key string
	probes   atomic.Int64 // plays of probes that were acknowledged, or may have been
}

// begin opens n plays.
func (c *crowd) begin(n int) {
	c.t.Helper()
	c.each(c.t.Context(), n, 0, func(b *bytes.Buffer, i int, now int64) {
		for seq, kind := range []string{"play_requested", "play_started"} {
			fmt.Fprintf(b, `{"type":%q,"time":%d,"viewer_id":"v%d","play_id":"p%d","seq":%d,"title_id":"t%d","context":{"country":"DE","device_type":"tv"}}`+"\n", kind, now, i, i, seq, i%500)
		}
	})
}

// beatEvery is how often a player says that it plays.
const beatEvery = 20 * time.Second

// beat has all plays go on until ctx ends.
func (c *crowd) beat(ctx context.Context, n int) {
	for seq := 2; ctx.Err() == nil; seq++ {
		c.each(ctx, n, beatEvery, func(b *bytes.Buffer, i int, now int64) {
			fmt.Fprintf(b, `{"type":"heartbeat","time":%d,"viewer_id":"v%d","play_id":"p%d","seq":%d,"position_ms":%d,"title_id":"t%d","context":{"country":"DE","device_type":"tv"}}`+"\n",
				now, i, i, seq, seq*int(beatEvery.Milliseconds()), i%500)
		})
	}
}

// each sends something for n viewers, in requests of 500, spread over a while.
func (c *crowd) each(ctx context.Context, n int, over time.Duration, write func(b *bytes.Buffer, i int, now int64)) {
	const size = 500
	began := time.Now()
	for from := 0; from < n && ctx.Err() == nil; from += size {
		if ahead := time.Until(began.Add(over * time.Duration(from) / time.Duration(n))); ahead > 0 {
			select {
			case <-time.After(ahead):
			case <-ctx.Done():
				return
			}
		}
		var b bytes.Buffer
		for i := from; i < min(from+size, n); i++ {
			write(&b, i, time.Now().UnixMilli())
		}
		c.send(ctx, b.Bytes())
	}
}

// probe begins a new play ten times a second.
func (c *crowd) probe(ctx context.Context) {
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for i := 0; ; i++ {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		var b bytes.Buffer
		for seq, kind := range []string{"play_requested", "play_started"} {
			fmt.Fprintf(&b, `{"type":%q,"time":%d,"viewer_id":"probe-%d","play_id":"probe-%d","seq":%d,"title_id":"t1","context":{"country":%q,"device_type":"tv"}}`+"\n",
				kind, time.Now().UnixMilli(), i, i, seq, probeCountry)
		}
		c.probes.Add(1)
		c.send(ctx, b.Bytes())
	}
}

func (c *crowd) send(ctx context.Context, body []byte) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, c.url+"/v1/events", bytes.NewReader(body))
	if err != nil {
		c.t.Error(err)
		return
	}
	r.Header.Set("Authorization", "Bearer "+c.key)
	r.Header.Set("Content-Type", "application/x-ndjson")
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		if ctx.Err() == nil {
			c.t.Errorf("send: %v", err)
		}
		return
	}
	defer resp.Body.Close()
	text, _ := io.ReadAll(resp.Body) // what it says of an error
	if resp.StatusCode != http.StatusOK || !bytes.Contains(text, []byte(`"rejected":[]`)) {
		c.t.Errorf("send: %s %s", resp.Status, text[:min(len(text), 400)])
	}
}

// takeover kills a processor and waits for figures to move on; claimed is when the next
// one has restored the partition.
func (c *crowd) takeover(owner, next, answers *cluster.Process, token string) (took, claimed time.Duration) {
	c.t.Helper()
	if err := owner.Kill(); err != nil {
		c.t.Fatal(err)
	}
	killed, before := time.Now(), c.probes.Load()
	eventually(c.t, "figures to move on", func() bool {
		if claimed == 0 && strings.Contains(next.Out.String(), "took a partition") {
			claimed = time.Since(killed)
		}
		return plays(c.t, answers, token) > float64(before)
	})
	return time.Since(killed), claimed
}

// plays is how many probes began a play, as far as is known.
func plays(t *testing.T, p *cluster.Process, token string) float64 {
	t.Helper()
	body := fmt.Sprintf(`{"metrics":["plays"],"where":[{"dimension":"country","in":[%q]}]}`, probeCountry)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+p.Address+"/api/v1/query", bytes.NewReader([]byte(body)))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+token)
	r.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	var table struct{ Rows [][]any }
	if err != nil || resp.StatusCode != http.StatusOK || json.Unmarshal(text, &table) != nil {
		t.Fatalf("query: %s %s %v", resp.Status, text, err)
	}
	if len(table.Rows) == 0 || len(table.Rows[0]) == 0 {
		return 0
	}
	value, _ := table.Rows[0][0].(float64) // null is nothing yet
	return value
}

// gauge is a figure of a process's /metrics, 0 where it has none.
func gauge(p *cluster.Process, name string) float64 {
	resp, err := http.Get("http://" + p.Address + "/metrics")
	if err != nil {
		return 0
	}
	defer resp.Body.Close()
	text, _ := io.ReadAll(resp.Body) // what there is of it
	found := regexp.MustCompile(`(?m)^` + name + ` (\S+)`).FindSubmatch(text)
	if found == nil {
		return 0
	}
	value, _ := strconv.ParseFloat(string(found[1]), 64)
	return value
}

func eventually(t *testing.T, what string, met func() bool) {
	t.Helper()
	for end := time.Now().Add(cluster.Patience); !met(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("waited %s for %s", cluster.Patience, what)
		}
	}
}
