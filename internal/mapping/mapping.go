package mapping

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"gopkg.in/yaml.v3"
)

// Mapping says how foreign records become events: for each field
// of an event, by its name as clients write it, where its value comes from.
type Mapping struct {
	fields []mapped
}

// Rule is where the value of one field comes from.
type Rule struct {
	// Path of the value in the record, parts separated by dots; a number is a
	// place in a list.
	Path string `yaml:"path"`
	// Const is the value itself.
	Const any `yaml:"const"`
	// Values translates texts; Skip are those whose records are left out;
	// Default is for what is absent, or is not among Values.
	Values  map[string]string `yaml:"values"`
	Skip    []string          `yaml:"skip"`
	Default any               `yaml:"default"`
	// Unit of a number in the record: ms (as events have it) or s.
	Unit string `yaml:"unit"`
	// Format of a time: epoch_ms, epoch_s, epoch_us, rfc3339, or a layout as of
	// Go, such as "2006-01-02 15:04:05", in Timezone (UTC).
	Format   string `yaml:"format"`
	Timezone string `yaml:"timezone"`
}

var ruleKeys = []string{"path", "const", "values", "skip", "default", "unit", "format", "timezone"}

// UnmarshalYAML also takes a bare path.
func (r *Rule) UnmarshalYAML(n *yaml.Node) error {
	if n.Kind == yaml.ScalarNode {
		return n.Decode(&r.Path)
	}
	for i := 0; n.Kind == yaml.MappingNode && i < len(n.Content); i += 2 {
		if name := n.Content[i].Value; !slices.Contains(ruleKeys, name) {
			return fmt.Errorf("line %d: %s is none of %s", n.Content[i].Line, name, strings.Join(ruleKeys, ", "))
		}
	}
	type plain Rule
	return n.Decode((*plain)(r))
}

type mapped struct {
	target []string
	name   string
	kind   kind
	rule   Rule
	path   []string
	zone   *time.Location
}

// kind is what a field of an event holds.
type kind uint8

const (
	text kind = iota + 1
	number
	boolean
	when
	object
)

// targets are the fields of an event; traits, experiments and properties take
// any name after theirs.
var targets = map[string]kind{
	"type": text, "time": when, "id": text, "viewer_id": text, "anonymous_id": text, "session_id": text, "play_id": text, "seq": number,
	"title_id": text, "position_ms": number, "duration_ms": number, "from_ms": number, "live": boolean, "rate": number,
	"creative_id": text, "placement": text, "rank": number, "impression_id": text, "propensity": number, "search_id": text,
	"quality.bitrate_kbps": number, "quality.dropped_frames": number, "quality.startup_ms": number, "quality.error_code": text,
	"quality.error_class": text, "quality.error_fatal": boolean, "search.query": text, "search.results": number,
	"context.country": text, "context.region": text, "context.city": text, "context.device_type": text, "context.os": text, "context.os_version": text,
	"context.browser": text, "context.browser_version": text, "context.app_version": text, "context.player": text, "context.cdn": text,
	"context.isp": text, "context.connection": text, "context.timezone": text,
	"traits": object, "experiments": object, "properties": object,
}

// RecordError is one record that cannot be used; the next ones may be.
type RecordError struct {
	Field, Code, Reason string
}

// Error is the reason, with the field where there is one.
func (e *RecordError) Error() string {
	if e.Field == "" {
		return e.Code + ": " + e.Reason
	}
	return e.Field + ": " + e.Code + ": " + e.Reason
}

// Parse reads a mapping in YAML. Errors name the field and the mend.
func Parse(source []byte) (*Mapping, error) {
	var in file
	dec := yaml.NewDecoder(bytes.NewReader(source))
	dec.KnownFields(true)
	if err := dec.Decode(&in); err != nil {
		return nil, fmt.Errorf("read the mapping: %w", err)
	}
	return in.mapping()
}

// ParseNode reads a mapping that stands in another YAML file.
func ParseNode(n *yaml.Node) (*Mapping, error) {
	if n.Kind != yaml.MappingNode {
		return nil, fmt.Errorf("line %d: a mapping has the field fields", n.Line)
	}
	for i := 0; i < len(n.Content); i += 2 {
		if name := n.Content[i]; name.Value != "fields" {
			return nil, fmt.Errorf("line %d: %s is none of fields", name.Line, name.Value)
		}
	}
	var in file
	if err := n.Decode(&in); err != nil {
		return nil, fmt.Errorf("read the mapping: %w", err)
	}
	return in.mapping()
}

// file is a mapping as it is written.
type file struct {
	Fields map[string]Rule `yaml:"fields"`
}

func (in *file) mapping() (*Mapping, error) {
	m := &Mapping{}
	var errs []error
	for name, rule := range in.Fields {
		f, err := compile(name, rule)
		if err != nil {
			errs = append(errs, fmt.Errorf("mapping of %s: %w", name, err))
		}
		m.fields = append(m.fields, f)
	}
	slices.SortFunc(m.fields, func(a, b mapped) int { return strings.Compare(a.name, b.name) })
	for _, needed := range []string{"type", "time"} {
		if _, ok := in.Fields[needed]; !ok {
			errs = append(errs, fmt.Errorf("the mapping needs the field %s", needed))
		}
	}
	return m, errors.Join(errs...)
}

func compile(name string, rule Rule) (f mapped, err error) {
	f = mapped{name: name, rule: rule, target: []string{name}, kind: targets[name], path: strings.Split(rule.Path, "."), zone: time.UTC}
	if group, rest, ok := strings.Cut(name, "."); ok {
		f.target = []string{group, rest}
		if targets[group] == object && rest != "" {
			f.kind = text
			if group == "properties" {
				f.kind = object
			}
		}
	}
	switch {
	case f.kind == 0:
		return f, errors.New("not a field of an event; docs/replay.md lists them")
	case (rule.Path == "") == (rule.Const == nil):
		return f, errors.New("give either path or const")
	case rule.Unit != "" && (rule.Unit != "s" && rule.Unit != "ms" || !strings.HasSuffix(name, "_ms")):
		return f, errors.New("unit is s or ms, for fields that end in _ms")
	case (rule.Format != "" || rule.Timezone != "") && f.kind != when:
		return f, errors.New("format and timezone are for time")
	}
	if rule.Timezone != "" {
		if f.zone, err = time.LoadLocation(rule.Timezone); err != nil {
			return f, fmt.Errorf("timezone: %w", err)
		}
	}
	return f, nil
}

// Reads reports whether a field comes from below the root of that name.
func (m *Mapping) Reads(root string) bool {
	return slices.ContainsFunc(m.fields, func(f mapped) bool { return f.path[0] == root })
}

// ErrSkipped: the mapping leaves the record out.
var ErrSkipped = errors.New("left out by the mapping")

// Event makes an event of a record in JSON. Errors: *RecordError, ErrSkipped.
func (m *Mapping) Event(record []byte) ([]byte, error) {
	dec := json.NewDecoder(bytes.NewReader(record))
	dec.UseNumber()
	var in map[string]any
	if err := dec.Decode(&in); err != nil || in == nil {
		return nil, &RecordError{Code: "invalid", Reason: "the record is not an object"}
	}
	return m.EventOf(in)
}

// EventOf makes an event of a record whose numbers are json.Number, int or
// float64. Errors: *RecordError, ErrSkipped.
func (m *Mapping) EventOf(in map[string]any) ([]byte, error) {
	out := map[string]any{}
	for i := range m.fields {
		f := &m.fields[i]
		v, err := f.value(in)
		if err != nil {
			return nil, err
		}
		if v == nil {
			continue
		}
		to := out
		if len(f.target) == 2 {
			group, _ := out[f.target[0]].(map[string]any)
			if group == nil {
				group = map[string]any{}
				out[f.target[0]] = group
			}
			to = group
		}
		to[f.target[len(f.target)-1]] = v
	}
	made, err := json.Marshal(out)
	if err != nil {
		return nil, &RecordError{Code: "invalid", Reason: "what became of the record is not JSON"}
	}
	return made, nil
}

func (f *mapped) value(in map[string]any) (any, error) {
	v := f.rule.Const
	if f.rule.Path != "" {
		v = find(in, f.path)
	}
	if len(f.rule.Values) > 0 || len(f.rule.Skip) > 0 {
		s := textOf(v)
		if slices.Contains(f.rule.Skip, s) {
			return nil, ErrSkipped
		}
		if to, ok := f.rule.Values[s]; ok {
			v = to
		} else if len(f.rule.Values) > 0 && v != nil {
			if f.rule.Default == nil {
				return nil, &RecordError{f.name, "unknown_value", "its value is not among values of the mapping"}
			}
			v = nil
		}
	}
	if v == nil {
		v = f.rule.Default
	}
	if v == nil {
		return nil, nil
	}
	return f.convert(v)
}

func (f *mapped) wrong(want string) error { return &RecordError{f.name, "invalid", "must be " + want} }

func (f *mapped) convert(v any) (any, error) {
	switch f.kind {
	case text:
		if s := textOf(v); s != "" {
			return s, nil
		}
		return nil, nil
	case number:
		n, ok := numberOf(v)
		if !ok {
			if textOf(v) == "" {
				return nil, nil
			}
			return nil, f.wrong("a number")
		}
		if f.rule.Unit == "s" {
			n = math.Round(n * 1000)
		}
		return n, nil
	case boolean:
		switch strings.ToLower(textOf(v)) {
		case "true", "1", "yes":
			return true, nil
		case "false", "0", "no", "":
			return false, nil
		}
		return nil, f.wrong("true or false")
	case when:
		return f.time(v)
	}
	return v, nil
}

// time is epoch ms.
func (f *mapped) time(v any) (any, error) {
	scale := 0.0
	switch f.rule.Format {
	case "epoch_s":
		scale = 1000
	case "epoch_us":
		scale = 0.001
	case "epoch_ms":
		scale = 1
	}
	n, isNumber := numberOf(v)
	switch {
	case scale == 0 && f.rule.Format == "" && isNumber:
		scale = 1
	case scale > 0 && !isNumber:
		return nil, f.wrong("a number: " + f.rule.Format)
	}
	if scale > 0 {
		if n *= scale; !(math.Abs(n) < 1e15) {
			return nil, f.wrong("a time")
		}
		return int64(n), nil
	}
	layout := f.rule.Format
	if layout == "" || layout == "rfc3339" {
		layout = time.RFC3339
	}
	t, err := time.ParseInLocation(layout, textOf(v), f.zone)
	if err != nil {
		return nil, f.wrong("a time as " + layout)
	}
	return t.UnixMilli(), nil
}

// find is the value at a path, or nil. A name with dots in it is found too.
func find(v any, path []string) any {
	if len(path) == 0 {
		return v
	}
	switch v := v.(type) {
	case map[string]any:
		for n := len(path); n > 0; n-- {
			if member, ok := v[strings.Join(path[:n], ".")]; ok {
				if found := find(member, path[n:]); found != nil {
					return found
				}
			}
		}
	case []any:
		if i, err := strconv.Atoi(path[0]); err == nil && i >= 0 && i < len(v) {
			return find(v[i], path[1:])
		}
	}
	return nil
}

func textOf(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	case json.Number:
		return v.String()
	case map[string]any, []any:
		return ""
	}
	return fmt.Sprint(v)
}

func numberOf(v any) (float64, bool) {
	switch v := v.(type) {
	case json.Number:
		f, err := v.Float64()
		return f, err == nil
	case string:
		f, err := strconv.ParseFloat(strings.TrimSpace(v), 64)
		return f, err == nil && !math.IsNaN(f) && !math.IsInf(f, 0)
	case int:
		return float64(v), true
	case float64:
		return v, true
	}
	return 0, false
}
