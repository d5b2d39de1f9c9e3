package support

import (
	"encoding/hex"
	"time"

	"playhead/internal/fact"
	"playhead/internal/rollup"
)

// Outcome is how a play went.
type Outcome string

// Outcomes.
const (
	OutcomeOpen   Outcome = "open"    // it goes on
	OutcomeEnded  Outcome = "ended"   // the player said so
	OutcomeFailed Outcome = "failed"  // a fatal error
	OutcomeLeft   Outcome = "left"    // left before a first frame
	OutcomeSilent Outcome = "silence" // nothing was heard any more
)

// PlayState is one stretch of a play.
type PlayState struct {
	State string    `json:"state" enum:"startup,playing,seeking,stalled,seek_stalled,paused,ad"`
	From  time.Time `json:"from"`
	To    time.Time `json:"to"`
	CDN   string    `json:"cdn,omitempty" doc:"Where it differs from the play's."`
	ISP   string    `json:"isp,omitempty" doc:"Where it differs from the play's."`
}

// Play is one part of a play.
type Play struct {
	Play string `json:"play" doc:"The play's keyed hash, 32 hexadecimal digits."`
	Part int32  `json:"part" doc:"From 0; more where the player was silent for 30 minutes and went on."`
	// From and To are the first and the last evidence.
	From       time.Time  `json:"from"`
	To         time.Time  `json:"to"`
	Requested  *time.Time `json:"requested" doc:"null for a part that has no request of its own."`
	FirstFrame *time.Time `json:"first_frame" doc:"null when there was none."`
	Ended      *time.Time `json:"ended" doc:"null of an open play."`
	Outcome    Outcome    `json:"outcome" enum:"open,ended,failed,left,silence"`
	Now        string     `json:"now,omitempty" doc:"The state of an open play, as of its last evidence."`
	ErrorCode  string     `json:"error_code,omitempty"`
	ErrorClass string     `json:"error_class,omitempty"`

	Title      string `json:"title"`
	Live       bool   `json:"live"`
	Country    string `json:"country"`
	Region     string `json:"region"`
	DeviceType string `json:"device_type"`
	OS         string `json:"os"`
	AppVersion string `json:"app_version"`
	Player     string `json:"player"`
	CDN        string `json:"cdn"`
	ISP        string `json:"isp"`
	Creative   string `json:"creative,omitempty" doc:"The picture that the play is attributed to."`
	Placement  string `json:"placement,omitempty"`

	StartupMS     *int64 `json:"startup_ms" doc:"null when it is not known."`
	DurationMS    *int64 `json:"duration_ms" doc:"Of the title; null when it is not known, or live."`
	FurthestMS    *int64 `json:"furthest_ms" doc:"The furthest position in the title; null when the player sent none."`
	MediaMS       int64  `json:"media_ms"`
	WatchedMS     int64  `json:"watched_ms"`
	StallMS       int64  `json:"stall_ms"`
	Stalls        int32  `json:"stalls"`
	BitrateKbps   *int64 `json:"bitrate_kbps" doc:"Mean over the time that it was known; null when it never was."`
	DroppedFrames int64  `json:"dropped_frames"`
	Completed     bool   `json:"completed"`

	States []PlayState `json:"states"`
	Cut    bool        `json:"cut" doc:"There are more states than these."`
}

func stateNames() [fact.SpanKindCount]string {
	return [fact.SpanKindCount]string{
		fact.Startup: "startup", fact.Playing: "playing", fact.Seeking: "seeking", fact.Stalled: "stalled",
		fact.SeekStalled: "seek_stalled", fact.Paused: "paused", fact.Ad: "ad",
	}
}

// playOf tells a row as it is asked for.
func playOf(p *fact.Play, dims []fact.Dims, slots []fact.Slot) Play {
	d := &dims[p.Dims]
	out := Play{
		Play: hex.EncodeToString(p.Play[:]), Part: p.Part, From: at(rollup.FirstMoment(p)), To: at(evidenceEnd(p)),
		Requested: moment(p.Requested), FirstFrame: moment(p.FirstFrame), Ended: moment(p.Ended), Outcome: outcomeOf(p),
		ErrorCode: p.ErrorCode, ErrorClass: p.ErrorClass,
		Title: d.Title, Live: d.Live, Country: d.Country, Region: d.Region, DeviceType: d.DeviceType, OS: d.OS, AppVersion: d.AppVersion,
		Player: d.Player, CDN: d.CDN, ISP: d.ISP,
		StartupMS: known(p.StartupMS), DurationMS: known(p.DurationMS), FurthestMS: known(p.FurthestMS),
		MediaMS: p.MediaMS, WatchedMS: p.WatchedMS, StallMS: p.StallMS, Stalls: p.Stalls, DroppedFrames: p.DroppedFrames, Completed: p.Completed,
		States: []PlayState{},
	}
	if p.KnownBitrateMS > 0 {
		out.BitrateKbps = known(p.BitrateMS / p.KnownBitrateMS)
	}
	if p.Slot != 0 {
		out.Creative, out.Placement = slots[p.Slot-1].Creative, slots[p.Slot-1].Placement
	}
	names := stateNames()
	for i := range p.Intervals {
		if out.Cut = i >= maxStates; out.Cut {
			break
		}
		iv := &p.Intervals[i]
		s := PlayState{State: names[iv.Kind], From: at(iv.From), To: at(iv.To)}
		if of := &dims[iv.Dims]; iv.Dims != p.Dims {
			s.CDN, s.ISP = other(of.CDN, d.CDN), other(of.ISP, d.ISP)
		}
		out.States = append(out.States, s)
	}
	return out
}

func outcomeOf(p *fact.Play) Outcome {
	switch p.Reason {
	case fact.EndedByFailure:
		return OutcomeFailed
	case fact.EndedBySilence:
		return OutcomeSilent
	case fact.EndedByExit:
		return OutcomeLeft
	}
	return OutcomeEnded
}

func at(ms int64) time.Time { return time.UnixMilli(ms).UTC() }

// moment is nil for 0, never.
func moment(ms int64) *time.Time {
	if ms == 0 {
		return nil
	}
	t := at(ms)
	return &t
}

// known is nil for what is below zero, unknown.
func known(v int64) *int64 {
	if v < 0 {
		return nil
	}
	return &v
}

// other is v where it is not what is usual.
func other(v, usual string) string {
	if v == usual {
		return ""
	}
	return v
}
