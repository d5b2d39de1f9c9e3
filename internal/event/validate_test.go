package event

import (
	"maps"
	"math"
	"slices"
	"strings"
	"testing"
)

const day int64 = 86_400_000

func TestValidate(t *testing.T) {
	const now = int64(1_763_870_400_000)
	bad := "\xff\xfe"
	long := strings.Repeat("x", MaxTextBytes+1)
	pairs := func(n int) map[string]string {
		m := map[string]string{}
		for i := range n {
			m[strings.Repeat("k", i+1)] = "v"
		}
		return m
	}
	for name, c := range map[string]struct {
		change func(e *Event)
		field  string
		code   Code
	}{
		"good":                    {func(e *Event) {}, "", ""},
		"unknown type":            {func(e *Event) { e.Type = TypeUnknown }, "type", CodeUnknownType},
		"type out of range":       {func(e *Event) { e.Type = typeCount }, "type", CodeUnknownType},
		"no viewer":               {func(e *Event) { e.Viewer = ViewerKey{} }, "viewer_id", CodeMissing},
		"no play":                 {func(e *Event) { e.Play = Ref{} }, "play_id", CodeMissing},
		"no play, cmcd seek":      {func(e *Event) { e.Type, e.Play = SeekStarted, Ref{} }, "play_id", CodeMissing},
		"no play, none needed":    {func(e *Event) { e.Type, e.Play = Impression, Ref{} }, "", ""},
		"no title":                {func(e *Event) { e.TitleID = "" }, "", ""},
		"1970":                    {func(e *Event) { e.Time = 0 }, "time", CodeTooOld},
		"2100":                    {func(e *Event) { e.Time = 4_102_444_800_000 }, "time", CodeTooNew},
		"30 days":                 {func(e *Event) { e.Time = now - 30*day }, "", ""},
		"over 30 days":            {func(e *Event) { e.Time = now - 30*day - 1 }, "time", CodeTooOld},
		"24 h ahead":              {func(e *Event) { e.Time = now + day }, "", ""},
		"over 24 h ahead":         {func(e *Event) { e.Time = now + day + 1 }, "time", CodeTooNew},
		"smallest time":           {func(e *Event) { e.Time = math.MinInt64 }, "time", CodeTooOld},
		"import, old":             {func(e *Event) { e.Import, e.Time = true, now-5000*day }, "", ""},
		"import, ahead":           {func(e *Event) { e.Import, e.Time = true, now+5*day }, "", ""},
		"import, before 1970":     {func(e *Event) { e.Import, e.Time = true, -1 }, "time", CodeOutOfRange},
		"import, after 2200":      {func(e *Event) { e.Import, e.Time = true, MaxTime }, "time", CodeOutOfRange},
		"position 0":              {func(e *Event) { e.PositionMS = 0 }, "", ""},
		"position absent":         {func(e *Event) { e.PositionMS = Absent }, "", ""},
		"position negative":       {func(e *Event) { e.PositionMS = -2 }, "position_ms", CodeOutOfRange},
		"position too far":        {func(e *Event) { e.PositionMS = MaxMediaMS }, "position_ms", CodeOutOfRange},
		"duration":                {func(e *Event) { e.DurationMS = math.MaxInt64 }, "duration_ms", CodeOutOfRange},
		"position after the end":  {func(e *Event) { e.PositionMS, e.DurationMS = 100, 50 }, "", ""},
		"from":                    {func(e *Event) { e.FromMS = -5 }, "from_ms", CodeOutOfRange},
		"startup":                 {func(e *Event) { e.Quality.StartupMS = -5 }, "quality.startup_ms", CodeOutOfRange},
		"seq":                     {func(e *Event) { e.Seq = -5 }, "seq", CodeOutOfRange},
		"rank":                    {func(e *Event) { e.Rank = math.MaxInt64 }, "rank", CodeOutOfRange},
		"bitrate":                 {func(e *Event) { e.Quality.BitrateKbps = -9 }, "quality.bitrate_kbps", CodeOutOfRange},
		"dropped":                 {func(e *Event) { e.Quality.DroppedFrames = -9 }, "quality.dropped_frames", CodeOutOfRange},
		"hits":                    {func(e *Event) { e.SearchHits = -9 }, "search.results", CodeOutOfRange},
		"rate 16":                 {func(e *Event) { e.Rate = 16 }, "", ""},
		"rate over 16":            {func(e *Event) { e.Rate = 16.5 }, "rate", CodeOutOfRange},
		"rate 0":                  {func(e *Event) { e.Rate = 0 }, "rate", CodeOutOfRange},
		"rate not a number":       {func(e *Event) { e.Rate = math.NaN() }, "rate", CodeOutOfRange},
		"propensity 1":            {func(e *Event) { e.Propensity = 1 }, "", ""},
		"propensity negative":     {func(e *Event) { e.Propensity = -0.1 }, "propensity", CodeOutOfRange},
		"propensity over 1":       {func(e *Event) { e.Propensity = 1.1 }, "propensity", CodeOutOfRange},
		"propensity not a number": {func(e *Event) { e.Propensity = math.NaN() }, "propensity", CodeOutOfRange},
		"title not UTF-8":         {func(e *Event) { e.TitleID = bad }, "title_id", CodeInvalidUTF8},
		"title at the limit":      {func(e *Event) { e.TitleID = strings.Repeat("x", MaxIDBytes) }, "", ""},
		"title too long":          {func(e *Event) { e.TitleID = strings.Repeat("x", MaxIDBytes+1) }, "title_id", CodeTooLong},
		"creative too long":       {func(e *Event) { e.CreativeID = long }, "creative_id", CodeTooLong},
		"isp too long":            {func(e *Event) { e.Context.ISP = long }, "context.isp", CodeTooLong},
		"city not UTF-8":          {func(e *Event) { e.Context.City = bad }, "context.city", CodeInvalidUTF8},
		"error code":              {func(e *Event) { e.Quality.ErrorCode = long }, "quality.error_code", CodeTooLong},
		"query":                   {func(e *Event) { e.SearchQuery = bad }, "search.query", CodeInvalidUTF8},
		"64 traits":               {func(e *Event) { e.Traits = pairs(MaxPairs) }, "", ""},
		"65 traits":               {func(e *Event) { e.Traits = pairs(MaxPairs + 1) }, "traits", CodeTooLong},
		"experiment not UTF-8":    {func(e *Event) { e.Experiments = map[string]string{"a": bad} }, "experiments", CodeInvalidUTF8},
		"trait key too long":      {func(e *Event) { e.Traits = map[string]string{long: ""} }, "traits", CodeTooLong},
		"properties too long":     {func(e *Event) { e.Properties = make([]byte, MaxPropertyBytes+1) }, "properties", CodeTooLong},
		"properties not UTF-8":    {func(e *Event) { e.Properties = []byte(bad) }, "properties", CodeInvalidUTF8},
	} {
		t.Run(name, func(t *testing.T) {
			e := sample()
			e.Time = now
			c.change(&e)
			got := Validate(&e, now)
			if c.code != CodeInvalidUTF8 {
				if again := ValidateDecoded(&e, now); (again == nil) != (got == nil) || got != nil && *again != *got {
					t.Fatalf("decoded: %v, want %v", again, got)
				}
			}
			switch {
			case got == nil && c.code == "":
			case got == nil:
				t.Fatalf("accepted, want %s of %s", c.code, c.field)
			case got.Field != c.field || got.Code != c.code:
				t.Fatalf("%s of %s (%s), want %s of %s", got.Code, got.Field, got, c.code, c.field)
			case got.Reason == "" || strings.Contains(got.Error(), bad) || strings.Contains(got.Error(), "xxxx"):
				t.Fatalf("the reason %q is empty or repeats what was sent", got)
			}
		})
	}
}

// TestEveryTextIsChecked finds a text field that validateTexts forgot.
func TestEveryTextIsChecked(t *testing.T) {
	e := sample()
	for _, f := range []*string{
		&e.TitleID, &e.CreativeID, &e.Placement, &e.SearchQuery, &e.Quality.ErrorCode, &e.Quality.ErrorClass,
		&e.Context.Country, &e.Context.Region, &e.Context.City, &e.Context.DeviceType, &e.Context.OS,
		&e.Context.Browser, &e.Context.AppVersion, &e.Context.Player, &e.Context.CDN, &e.Context.ISP,
		&e.Context.Connection, &e.Context.Timezone, &e.Context.DeviceTypeRaw,
	} {
		was := *f
		*f = "\xff"
		if bad := Validate(&e, e.Time); bad == nil || bad.Code != CodeInvalidUTF8 {
			t.Errorf("a text that is not UTF-8 was accepted: %v", bad)
		}
		*f = strings.Repeat("x", MaxTextBytes+1)
		if bad := ValidateDecoded(&e, e.Time); bad == nil || bad.Code != CodeTooLong {
			t.Errorf("a text that is too long was accepted: %v", bad)
		}
		*f = was
	}
}

func TestTypes(t *testing.T) {
	seen := map[string]bool{}
	for typ := Impression; typ < SeekStarted; typ++ {
		if ParseType(typ.String()) != typ {
			t.Errorf("%d: %q does not parse back", typ, typ)
		}
		seen[typ.String()] = true
	}
	if len(seen) != 20 {
		t.Errorf("%d native types, want 20: %v", len(seen), slices.Sorted(maps.Keys(seen)))
	}
	for _, name := range []string{"", "unknown", "seek_started", "Heartbeat"} {
		if got := ParseType(name); got != TypeUnknown {
			t.Errorf("ParseType(%q) = %v", name, got)
		}
	}
}

func BenchmarkValidate(b *testing.B) {
	e := sample()
	b.ReportAllocs()
	for b.Loop() {
		if bad := Validate(&e, e.Time); bad != nil {
			b.Fatal(bad)
		}
	}
}
