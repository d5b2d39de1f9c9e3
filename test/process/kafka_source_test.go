package process

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// metric is a line of /metrics, or "".
func (s *server) metric(name string) string {
	resp, err := http.Get(s.url("/metrics"))
	if err != nil {
		return ""
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		return ""
	}
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(strings.TrimSpace(line), name+" "); ok {
			return rest
		}
	}
	return ""
}

// until waits until a line of /metrics has a value; for what hangs.
func (s *server) until(name, want string) {
	s.t.Helper()
	for deadline := time.Now().Add(2 * time.Minute); ; time.Sleep(50 * time.Millisecond) {
		got := s.metric(name)
		if got == want {
			return
		}
		if time.Now().After(deadline) {
			s.t.Fatalf("%s is %q, want %s\n%s", name, got, want, s.out)
		}
	}
}

// A server that takes events from Kafka is killed before it has committed what it
// stored: it reads all of it again, and every event counts once. One impression is
// one event without an id of its own.
func TestKafkaSourceSurvivesAKill(t *testing.T) {
	t.Parallel()
	const viewers, partitions = 300, 3
	c, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(partitions, "shown"), kfake.GroupMinSessionTimeout(time.Millisecond))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	cl, err := kgo.NewClient(kgo.SeedBrokers(c.ListenAddrs()...), kgo.RecordPartitioner(kgo.ManualPartitioner()))
	if err != nil {
		t.Fatal(err)
	}
	defer cl.Close()
	var records []*kgo.Record
	for i := range viewers {
		value := fmt.Sprintf(`{"what":"shown","at":%d,"user":"viewer-%d","art":"c-1","film":"t-1"}`, time.Now().UnixMilli()-1000, i)
		records = append(records, &kgo.Record{Topic: "shown", Partition: int32(i % partitions), Value: []byte(value)})
	}
	records = append(records, &kgo.Record{Topic: "shown", Value: []byte("no JSON")})
	if err := cl.ProduceSync(t.Context(), records...).FirstErr(); err != nil {
		t.Fatal(err)
	}
	var refusing atomic.Bool
	var refused atomic.Int64
	refusing.Store(true)
	c.ControlKey(int16(kmsg.OffsetCommit), func(req kmsg.Request) (kmsg.Response, error, bool) {
		c.KeepControl()
		if !refusing.Load() {
			return nil, nil, false
		}
		refused.Add(1)
		return notCommitted(req.(*kmsg.OffsetCommitRequest)), nil, true
	})
	config := filepath.Join(t.TempDir(), "source.yaml")
	text := fmt.Sprintf(`brokers: [%s]
instance: one
topics:
  - name: shown
    format: json
    key: write 1
    map: {fields: {type: {path: what, values: {shown: impression}}, time: at, viewer_id: user, creative_id: art, title_id: film}}
`, strings.Join(c.ListenAddrs(), ", "))
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	s := &server{t: t, addr: freeAddr(t), dir: filepath.Join(t.TempDir(), "data"), out: &output{}, args: []string{"--kafka-source", config}}
	s.start()
	t.Cleanup(s.kill)
	s.key("write")
	token := s.key("read")
	s.until(`playhead_source_records_total{result="taken",topic="shown"}`, fmt.Sprint(viewers))
	s.until(`playhead_source_records_total{result="rejected",topic="shown"}`, "1")
	s.eventually(token, map[string]float64{"impressions": viewers})
	for deadline := time.Now().Add(time.Minute); refused.Load() == 0; time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("no commit was tried")
		}
	}
	s.kill()
	refusing.Store(false)
	s.start()
	s.until(`playhead_source_records_total{result="taken",topic="shown"}`, fmt.Sprint(viewers))
	s.until("playhead_process_duplicates_total", fmt.Sprint(viewers))
	s.until(`playhead_source_lag_records{topic="shown"}`, "0")
	s.eventually(token, map[string]float64{"impressions": viewers})
	s.stop()
}

// notCommitted answers a commit with an error that is not tried again.
func notCommitted(in *kmsg.OffsetCommitRequest) kmsg.Response {
	out := in.ResponseKind().(*kmsg.OffsetCommitResponse)
	for _, topic := range in.Topics {
		at := kmsg.NewOffsetCommitResponseTopic()
		at.Topic, at.TopicID = topic.Topic, topic.TopicID
		for _, p := range topic.Partitions {
			answer := kmsg.NewOffsetCommitResponseTopicPartition()
			answer.Partition, answer.ErrorCode = p.Partition, kerr.InvalidCommitOffsetSize.Code
			at.Partitions = append(at.Partitions, answer)
		}
		out.Topics = append(out.Topics, at)
	}
	return out
}

// A mistake in what the source reads is told by file and line, and nothing starts.
func TestKafkaSourceMistakes(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	source, config := filepath.Join(folder, "source.yaml"), filepath.Join(folder, "playhead.yaml")
	for path, text := range map[string]string{source: "brokers: [a:1]\ntpoics: []\n", config: "kafka-source: " + source + "\n"} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want := `source.yaml:2: "tpoics" is no field of the file; did you mean "topics"?`
	if r := playhead(t, "serve", "--listen", "127.0.0.1:0", "--data-dir", filepath.Join(folder, "data"), "--config", config); r.code != 2 || !strings.Contains(r.stderr, want) {
		t.Errorf("serve: %s", r)
	}
	if _, err := os.Stat(filepath.Join(folder, "data")); err == nil {
		t.Error("a data folder was made")
	}
	if r := playhead(t, "config", "check", config); r.code != 1 || !strings.Contains(r.stderr, want) {
		t.Errorf("config check: %s", r)
	}
}
