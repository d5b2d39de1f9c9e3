package process

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"
)

// segmentBatch is what a library of Segment's posts of a play that lasts 20 s,
// pauses for 2 s and ends, with a page and a track that are no video, by a clock
// that is ahead of ours.
func segmentBatch(play string, began time.Time, ahead time.Duration, key string) []byte {
	var events []string
	for i, e := range []struct {
		at         int // ms
		name, more string
	}{
		{0, "Video Playback Started", `"content_asset_ids":["film"],"total_length":60`},
		{400, "Video Content Started", `"asset_id":"film","position":0,"total_length":60`},
		{5400, "Video Content Playing", `"asset_id":"film","position":5,"total_length":60`},
		{8400, "Video Playback Paused", `"content_asset_id":"film","position":8`},
		{10_400, "Video Playback Resumed", `"content_asset_id":"film","position":8`},
		{20_000, "Video Playback Completed", `"content_asset_id":"film","position":17.6`},
		{20_000, "Order Completed", `"total":9.5`},
	} {
		events = append(events, fmt.Sprintf(`{"type":"track","messageId":"%s-%d","userId":"viewer-77","timestamp":%q,"event":%q,"properties":{"session_id":%q,%s}}`,
			play, i, began.Add(ahead+time.Duration(e.at)*time.Millisecond).UTC().Format(time.RFC3339Nano), e.name, play, e.more))
	}
	events = append(events, `{"type":"page","messageId":"m-page","userId":"viewer-77","name":"Home"}`, `{"type":"identify","userId":"viewer-77","traits":{"plan":"premium"}}`)
	return []byte(fmt.Sprintf(`{"writeKey":%q,"sentAt":%q,"batch":[%s]}`, key, time.Now().Add(ahead).UTC().Format(time.RFC3339Nano), strings.Join(events, ",")))
}

func TestSegment(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	key, token := s.key("write"), s.key("read")
	began := time.Now().Add(-time.Minute)

	basic := map[string]string{"Content-Type": "application/json", "Authorization": "Basic " + base64.StdEncoding.EncodeToString([]byte(key+":"))}
	text := map[string]string{"Content-Type": "text/plain"}
	for _, how := range []struct {
		name, play string
		headers    map[string]string
		ahead      time.Duration
		key        string
	}{
		{"by Basic", "s-1", basic, 0, ""},
		{"the same again, by a key in it", "s-1", text, 0, key},
		{"by a clock an hour ahead", "s-2", text, time.Hour, key},
		{"by a clock a day behind", "s-3", text, -24 * time.Hour, key},
	} {
		a := s.post("/v1/batch", "", segmentBatch(how.play, began, how.ahead, how.key), how.headers)
		var answer struct {
			Success  bool
			Accepted int
			Rejected []any
		}
		if err := json.Unmarshal([]byte(a.body), &answer); err != nil || a.status != http.StatusOK || !answer.Success || answer.Accepted != 9 || len(answer.Rejected) != 0 {
			t.Errorf("%s: %s", how.name, a)
		}
	}
	if a := s.post("/v1/batch", "", segmentBatch("s-4", began, 0, "nobody"), text); a.status != http.StatusUnauthorized {
		t.Errorf("unknown key: %s, want 401", a)
	}
	s.eventually(token, map[string]float64{
		"plays": 3, "play_requests": 3, "ended_plays": 3, "viewers": 1, "stalls": 0,
		"watch_hours": (3 * 18_000 * time.Millisecond).Hours(), "media_hours": (3 * 17_600 * time.Millisecond).Hours(),
	})
}
