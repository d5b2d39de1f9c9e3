package clients

import (
	"context"
	"fmt"
	"io"
	"log"
	"net/http"
	"testing"
	"time"

	cloudevents "github.com/cloudevents/sdk-go/v2"
	cehttp "github.com/cloudevents/sdk-go/v2/protocol/http"
	"github.com/segmentio/analytics-go/v3"
)

// step is a moment of the play that both clients tell.
type step struct {
	at       time.Duration
	video    string // as Segment's Video spec has it
	native   string // as our own format has it, "" when it has none
	position float64
	more     map[string]any // of the Video spec's properties
}

// whole has a pause of 2 s, a seek, a stall of 1 s and an end.
var whole = []step{
	{0, "Video Playback Started", "play_requested", 0, nil},
	{400 * time.Millisecond, "Video Content Started", "play_started", 0, nil},
	{5400 * time.Millisecond, "Video Content Playing", "heartbeat", 5, nil},
	{8400 * time.Millisecond, "Video Playback Paused", "paused", 8, nil},
	{10_400 * time.Millisecond, "Video Playback Resumed", "resumed", 8, nil},
	{12_400 * time.Millisecond, "Video Playback Seek Started", "", 10, map[string]any{"seek_position": 30}},
	{12_450 * time.Millisecond, "Video Playback Seek Completed", "seeked", 30, nil},
	{16_000 * time.Millisecond, "Video Playback Buffer Started", "stall_started", 33.55, nil},
	{17_000 * time.Millisecond, "Video Playback Buffer Completed", "stall_ended", 33.55, nil},
	{20_000 * time.Millisecond, "Video Playback Completed", "play_ended", 36.55, nil},
}

// wanted are its figures: 400 ms until the first frame, 16,550 playing, the
// seek of 50 and the stall; not the pause.
func wanted(seek float64) map[string]float64 {
	return map[string]float64{
		"plays": 1, "play_requests": 1, "ended_plays": 1, "viewers": 1, "startup_time": 400, "watch_hours": 18_000, "media_hours": 16_600 - seek,
		"stalls": 1, "rebuffering_ratio": 1.0 / 18, "video_playback_failure_rate": 0,
	}
}

// failed are the figures of a play that an error cuts off after 7.4 s, left of
// one that is left without a word after 5.4 s.
var (
	failed = map[string]float64{"plays": 1, "ended_plays": 1, "watch_hours": 7400, "stalls": 0, "video_playback_failure_rate": 1}
	left   = map[string]float64{"plays": 1, "ended_plays": 1, "watch_hours": 5400, "stalls": 0, "video_playback_failure_rate": 0}
)

func TestSegmentAnalyticsGo(t *testing.T) {
	s := startServer(t)
	client, err := analytics.NewWithConfig(s.writeKey, analytics.Config{Endpoint: s.url, BatchSize: 4, Logger: analytics.StdLogger(log.New(io.Discard, "", 0)), Callback: failures{t}})
	if err != nil {
		t.Fatal(err)
	}
	send := func(m analytics.Message) {
		t.Helper()
		if err := client.Enqueue(m); err != nil {
			t.Fatal(err)
		}
	}
	began := time.Now().Add(-time.Minute)
	track := func(title string, at time.Duration, name string, position float64, more map[string]any) {
		properties := analytics.NewProperties().Set("session_id", title+"-play").Set("content_asset_id", title).
			Set("position", position).Set("total_length", 60).Set("livestream", false)
		for k, v := range more {
			properties.Set(k, v)
		}
		send(analytics.Track{UserId: "viewer-of-go", Event: name, Timestamp: began.Add(at), Properties: properties})
	}
	send(analytics.Identify{UserId: "viewer-of-go", Traits: analytics.NewTraits().SetEmail("ann@films.example").Set("plan", "premium")})
	for _, e := range whole {
		track("segment-go", e.at, e.video, e.position, e.more)
	}
	for _, e := range whole[:3] {
		track("segment-go-broken", e.at, e.video, e.position, e.more)
	}
	track("segment-go-broken", 7400*time.Millisecond, "Video Playback Error", 7, map[string]any{"code": "decode"})
	for _, e := range whole[:3] {
		track("segment-go-left", e.at, e.video, e.position, e.more)
	}
	send(analytics.Page{UserId: "viewer-of-go", Name: "Home"})
	if err := client.Close(); err != nil {
		t.Fatal(err)
	}
	s.assertPlay("segment-go", wanted(50))
	s.assertPlay("segment-go-broken", failed)
	s.settle()
	s.assertPlay("segment-go-left", left)
}

// failures makes a message that the server did not take fail the test.
type failures struct{ t *testing.T }

func (f failures) Success(analytics.Message) {}
func (f failures) Failure(m analytics.Message, err error) {
	f.t.Errorf("%T was not sent: %v", m, err)
}

func TestCloudEventsGo(t *testing.T) {
	s := startServer(t)
	began := time.Now().Add(-time.Minute)
	events := func(title string) (out []cloudevents.Event) {
		add := func(at time.Duration, kind string, position float64, more map[string]any) {
			e := cloudevents.NewEvent()
			e.SetID(fmt.Sprint(title, len(out)))
			e.SetSource("/films/player")
			e.SetType("films." + kind)
			e.SetTime(began.Add(at))
			data := map[string]any{"type": kind, "viewer_id": "viewer-of-go", "play_id": title + "-play", "title_id": title, "position_ms": int(position * 1000), "duration_ms": 60_000}
			for k, v := range more {
				data[k] = v
			}
			if err := e.SetData(cloudevents.ApplicationJSON, data); err != nil {
				t.Fatal(err)
			}
			out = append(out, e)
		}
		for _, e := range whole {
			if e.native != "" {
				add(e.at, e.native, e.position, nil)
			}
		}
		name := title
		title = name + "-left"
		for _, e := range whole[:3] {
			add(e.at, e.native, e.position, nil)
		}
		title = name + "-broken"
		for _, e := range whole[:3] {
			add(e.at, e.native, e.position, nil)
		}
		add(7400*time.Millisecond, "error", 7, map[string]any{"quality": map[string]any{"error_code": "decode", "error_fatal": true}})
		return out
	}
	client, err := cloudevents.NewClientHTTP(cloudevents.WithTarget(s.url+"/v1/events"), cehttp.WithHeader("Authorization", "Bearer "+s.writeKey))
	if err != nil {
		t.Fatal(err)
	}
	for mode, with := range map[string]func(context.Context) context.Context{"structured": cloudevents.WithEncodingStructured, "binary": cloudevents.WithEncodingBinary} {
		for _, e := range events("cloudevents-go-" + mode) {
			if result := client.Send(with(t.Context()), e); cloudevents.IsUndelivered(result) || cloudevents.IsNACK(result) {
				t.Fatalf("%s: %v", mode, result)
			}
		}
	}
	batch, err := cehttp.NewHTTPRequestFromEvents(t.Context(), s.url+"/v1/events", events("cloudevents-go-batch"))
	if err != nil {
		t.Fatal(err)
	}
	batch.Header.Set("Authorization", "Bearer "+s.writeKey)
	resp, err := http.DefaultClient.Do(batch)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		t.Errorf("batch: %s", resp.Status)
	}
	for _, mode := range []string{"structured", "binary", "batch"} {
		s.assertPlay("cloudevents-go-"+mode, wanted(0))
		s.assertPlay("cloudevents-go-"+mode+"-broken", failed)
	}
	s.settle()
	for _, mode := range []string{"structured", "binary", "batch"} {
		s.assertPlay("cloudevents-go-"+mode+"-left", left)
	}
}
