package flame_test

import (
	"bytes"
	"encoding/xml"
	"io"
	"strings"
	"testing"

	"github.com/google/pprof/profile"

	"playhead/tools/flame"
)

func TestStageOf(t *testing.T) {
	for want, stacks := range map[string][]string{
		flame.Collect: {"playhead/internal/collect/native.(*Decoder).Decode", "runtime.memmove playhead/internal/event.AppendRecord playhead/internal/collect.(*batch).add net/http.(*conn).serve"},
		flame.Log:     {"github.com/cockroachdb/pebble/v2.(*DB).Apply playhead/internal/eventlog/pebblelog.(*Log).write", "github.com/cockroachdb/pebble/v2.(*DB).compact1 runtime.goexit"},
		// A tool of several stages is whose it is that calls it.
		flame.Plays:    {"playhead/internal/event.DecodeRecord playhead/internal/process.(*partition).take", "playhead/internal/play.(*Engine).Apply playhead/internal/process.(*partition).apply"},
		flame.Rollups:  {"playhead/internal/sketch.(*HLL).AddCoupon playhead/internal/rollup.(*Generation).Apply playhead/internal/warehouse.(*Loader).take"},
		flame.Database: {"playhead/internal/sketch.(*HLL).AppendBinary playhead/internal/warehouse/duck.(*DB).Apply", "runtime.cgocall github.com/duckdb/duckdb-go/v2.x"},
		flame.Facts:    {"playhead/internal/fact.DecodeBatch playhead/internal/warehouse.(*Loader).take"},
		flame.Lake:     {"playhead/internal/lake/columnar.Write", "github.com/apache/arrow-go/v18/parquet.x runtime.goexit"},
		flame.HTTP:     {"syscall.Syscall net.(*conn).Read net/http.(*conn).serve"},
		flame.Runtime:  {"runtime.gcBgMarkWorker runtime.systemstack", "internal/runtime/maps.x runtime.mcall"},
		flame.Answers:  {"playhead/internal/api.(*Server).live"},
		// The package playlist would not be play.
		flame.Other: {"playhead/internal/playlist.x", "os.(*File).Write main.main"},
	} {
		for _, s := range stacks {
			if got := flame.StageOf(strings.Fields(s)); got != want {
				t.Errorf("%s is of stage %q, want %q", s, got, want)
			}
		}
	}
}

// made is a profile of stacks, the outermost function first, with a value each.
func made(stacks map[string]int64) *profile.Profile {
	p := &profile.Profile{SampleType: []*profile.ValueType{{Type: "samples", Unit: "count"}, {Type: "cpu", Unit: "nanoseconds"}}}
	known := map[string]*profile.Location{}
	for text, v := range stacks {
		s := &profile.Sample{Value: []int64{1, v}}
		for _, name := range strings.Fields(text) {
			loc := known[name]
			if loc == nil {
				id := uint64(len(known) + 1)
				f := &profile.Function{ID: id, Name: name}
				loc = &profile.Location{ID: id, Line: []profile.Line{{Function: f}}}
				known[name] = loc
				p.Function, p.Location = append(p.Function, f), append(p.Location, loc)
			}
			s.Location = append([]*profile.Location{loc}, s.Location...)
		}
		p.Sample = append(p.Sample, s)
	}
	return p
}

func TestByStageAndSVG(t *testing.T) {
	p := made(map[string]int64{
		"net/http.serve playhead/internal/collect.take runtime.mallocgc": 300,
		"net/http.serve playhead/internal/collect.take":                  100,
		"playhead/internal/process.run playhead/internal/play.Apply<x>":  500,
		"runtime.gcBgMarkWorker":                                         99,
		"playhead/internal/lake.seldom":                                  1,
	})
	sums := flame.ByStage(p, "cpu")
	if len(sums) != 4 || sums[flame.Collect] != 400 || sums[flame.Plays] != 500 || sums[flame.Runtime] != 99 || sums[flame.Lake] != 1 {
		t.Errorf("%v", sums)
	}
	if len(flame.ByStage(p, "alloc_space")) != 0 {
		t.Error("a value that is not there has a sum")
	}
	var b bytes.Buffer
	if err := flame.SVG(&b, p, "cpu", "a & b"); err != nil {
		t.Fatal(err)
	}
	d := xml.NewDecoder(bytes.NewReader(b.Bytes()))
	for {
		if _, err := d.Token(); err == io.EOF {
			break
		} else if err != nil {
			t.Fatal(err)
		}
	}
	for _, want := range []string{"<title>playhead/internal/play.Apply&lt;x&gt;: 50.0 %</title>", "<title>collect: 40.0 %</title>", "a &amp; b"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("no %s in\n%s", want, &b)
		}
	}
	if strings.Contains(b.String(), "lake.seldom") {
		t.Error("what is less than a five hundredth is drawn")
	}
	if err := flame.SVG(&b, made(nil), "cpu", "x"); err == nil {
		t.Error("an empty profile was drawn")
	}
}
