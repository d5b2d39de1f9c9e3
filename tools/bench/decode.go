package main

import (
	"bytes"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"time"
	"unsafe"

	"github.com/bytedance/sonic"

	"playhead/internal/collect/native"
	"playhead/internal/collect/wire"
	"playhead/tools/figures"
)

// fullEvent is what one would write to decode the native format by a library:
// every field of it, what is absent told from 0, nothing checked.
type fullEvent struct {
	ID           string `json:"id"`
	Type         string `json:"type"`
	Time         any    `json:"time"`
	SentAt       any    `json:"sent_at"`
	ViewerID     string `json:"viewer_id"`
	AnonymousID  string `json:"anonymous_id"`
	SessionID    string `json:"session_id"`
	PlayID       string `json:"play_id"`
	Seq          *int64 `json:"seq"`
	TitleID      string `json:"title_id"`
	PositionMS   *int64 `json:"position_ms"`
	DurationMS   *int64 `json:"duration_ms"`
	FromMS       *int64 `json:"from_ms"`
	Live         bool   `json:"live"`
	CreativeID   string `json:"creative_id"`
	Placement    string `json:"placement"`
	Rank         *int64 `json:"rank"`
	ImpressionID string `json:"impression_id"`
	SearchID     string `json:"search_id"`

	Propensity *float64 `json:"propensity"`

	Context struct {
		Country    string `json:"country"`
		Region     string `json:"region"`
		City       string `json:"city"`
		DeviceType string `json:"device_type"`
		OS         string `json:"os"`
		Browser    string `json:"browser"`
		AppVersion string `json:"app_version"`
		Player     string `json:"player"`
		CDN        string `json:"cdn"`
		ISP        string `json:"isp"`
		Connection string `json:"connection"`
		Timezone   string `json:"timezone"`
	} `json:"context"`
	Quality struct {
		BitrateKbps   *int64 `json:"bitrate_kbps"`
		DroppedFrames *int64 `json:"dropped_frames"`
		StartupMS     *int64 `json:"startup_ms"`
		ErrorCode     string `json:"error_code"`
		ErrorClass    string `json:"error_class"`
		ErrorFatal    bool   `json:"error_fatal"`
	} `json:"quality"`
	Search struct {
		Query   string `json:"query"`
		Results *int64 `json:"results"`
	} `json:"search"`
	Experiments map[string]string `json:"experiments"`
	Traits      map[string]string `json:"traits"`
	Properties  map[string]any    `json:"properties"`
}

// measureDecoding decodes the prepared bytes on all cores, by the collector's
// decoder and by sonic, each for the same share of time.
func measureDecoding(r *figures.Report, bodies []body) error {
	const each = 4 * time.Second
	ours, err := decodeRate(bodies, each, func() func([]byte) (int, error) {
		d := native.NewDecoder()
		return func(data []byte) (int, error) {
			n, bad := 0, 0
			err := d.Decode(data, native.Options{Lines: true}, func(it *wire.Item) {
				n++
				if it.Bad.Code != "" {
					bad++
				}
			})
			if err == nil && bad > 0 {
				err = fmt.Errorf("%d of %d events are bad", bad, n)
			}
			return n, err
		}
	})
	if err != nil {
		return fmt.Errorf("native: %w", err)
	}
	theirs, err := decodeRate(bodies, each, newSonic[fullEvent])
	if err != nil {
		return fmt.Errorf("sonic: %w", err)
	}
	r.Add("decode.native.events_per_s", ours, "events/s")
	r.Add("decode.sonic.events_per_s", theirs, "events/s")
	r.Add("decode.native.ratio", ours/theirs, "ratio")
	return nil
}

// newSonic makes a decoder of lines by sonic into a struct E: nothing is checked,
// and strings may point into the body.
func newSonic[E any]() func([]byte) (int, error) {
	return func(data []byte) (int, error) {
		n := 0
		for line := range bytes.Lines(data) {
			var e E
			if err := sonic.ConfigFastest.UnmarshalFromString(unsafe.String(unsafe.SliceData(line), len(line)), &e); err != nil {
				return n, err
			}
			n++
		}
		return n, nil
	}
}

// decodeRate runs a decoder on every core over the bodies, again and again, and
// returns events a second of all cores together.
func decodeRate(bodies []body, each time.Duration, newDecoder func() func([]byte) (int, error)) (float64, error) {
	n, took, err := decodeRound(bodies, each, newDecoder)
	return float64(n) / took.Seconds(), err
}

// decodeRound is decodeRate as a number of events and the time that it took.
func decodeRound(bodies []body, each time.Duration, newDecoder func() func([]byte) (int, error)) (events int64, took time.Duration, err error) {
	cores := runtime.GOMAXPROCS(0)
	counts, errs := make([]int64, cores), make([]error, cores)
	var workers sync.WaitGroup
	began := time.Now()
	for c := range cores {
		workers.Go(func() {
			decode := newDecoder()
			for i := c; time.Since(began) < each; i += cores {
				n, err := decode(bodies[i%len(bodies)].Data)
				if err != nil {
					errs[c] = err
					return
				}
				counts[c] += int64(n)
			}
		})
	}
	workers.Wait()
	took = time.Since(began)
	for c := range cores {
		events += counts[c]
	}
	return events, took, errors.Join(errs...)
}
