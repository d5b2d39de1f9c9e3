// Package flame says where a profile's time or memory went: by stage of an event's
// way, and as a flame graph. It measures nothing.
package flame

import (
	"strings"

	"github.com/google/pprof/profile"
)

// Stages, in the order of an event's way.
const (
	HTTP     = "http"
	Collect  = "collect"
	Log      = "log"
	Plays    = "plays and journeys"
	Facts    = "facts"
	Rollups  = "roll-ups"
	Database = "database"
	Lake     = "lake"
	Answers  = "live and answers"
	Runtime  = "runtime"
	Other    = "other"
)

// All are the stages in order.
func All() []string {
	return []string{HTTP, Collect, Log, Plays, Facts, Rollups, Database, Lake, Answers, Runtime, Other}
}

// houses are the packages of the house, longest first, and their stage. Those with
// none are tools of several stages: whoever calls them pays.
var houses = []struct{ prefix, stage string }{
	{"eventlog/pebblelog", Log}, {"eventlog/kafkalog", Log}, {"eventlog", Log},
	{"collect", Collect}, {"privacy", Collect}, {"access", Collect}, {"mapping", Collect}, {"source", Collect},
	{"process", Plays}, {"play", Plays}, {"journey", Plays},
	{"fact", Facts},
	{"rollup", Rollups},
	{"warehouse", Database},
	{"lake", Lake},
	{"live", Answers}, {"api", Answers}, {"metric", Answers}, {"study", Answers}, {"insight", Answers},
	{"event", ""}, {"sketch", ""}, {"catalog", ""}, {"cores", ""}, {"app", ""}, {"spell", ""},
}

// others are packages of others that work in goroutines of their own.
var others = []struct{ prefix, stage string }{
	{"github.com/cockroachdb/pebble", Log}, {"github.com/apache/arrow", Lake}, {"github.com/duckdb", Database}, {"net/http", HTTP},
}

// StageOf is the stage of a stack of functions, the innermost first.
func StageOf(stack []string) string {
	for _, name := range stack {
		if inner, own := strings.CutPrefix(name, "playhead/internal/"); own {
			if stage := stageOfHouse(inner); stage != "" {
				return stage
			}
		}
	}
	for _, name := range stack {
		for _, o := range others {
			if strings.HasPrefix(name, o.prefix) {
				return o.stage
			}
		}
	}
	for _, name := range stack {
		if !strings.HasPrefix(name, "runtime.") && !strings.HasPrefix(name, "internal/runtime") {
			return Other
		}
	}
	return Runtime
}

// stageOfHouse is the stage of a function's name, without the module.
func stageOfHouse(name string) string {
	for _, h := range houses {
		if rest, is := strings.CutPrefix(name, h.prefix); is && (rest == "" || rest[0] == '.' || rest[0] == '/') {
			return h.stage
		}
	}
	return Other
}

// stack is a sample's functions by the profile's own names, the innermost first, with
// those that were inlined.
func stack(s *profile.Sample) []string {
	var list []string
	for _, loc := range s.Location {
		for _, line := range loc.Line {
			if line.Function != nil {
				list = append(list, line.Function.Name)
			}
		}
	}
	return list
}

// value is the place of a kind of value in a profile's samples, -1 of none.
func value(p *profile.Profile, kind string) int {
	for i, t := range p.SampleType {
		if t.Type == kind {
			return i
		}
	}
	return -1
}

// ByStage sums a kind of value of a profile ("cpu" in ns, "alloc_space" in bytes) by
// stage.
func ByStage(p *profile.Profile, kind string) map[string]int64 {
	sums, at := map[string]int64{}, value(p, kind)
	if at < 0 {
		return sums
	}
	for _, s := range p.Sample {
		if v := s.Value[at]; v != 0 {
			sums[StageOf(stack(s))] += v
		}
	}
	return sums
}
