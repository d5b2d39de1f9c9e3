package metric

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// Query is a question to the metric layer, as clients write it.
type Query struct {
	Metrics    []string `json:"metrics" doc:"What to compute; see GET /api/v1/metrics." example:"[\"plays\",\"viewers\"]" minItems:"1"`
	Dimensions []string `json:"dimensions,omitempty" doc:"What to group by; none gives one row (a bucket)." example:"[\"title\"]"`
	Where      []Where  `json:"where,omitempty" doc:"Filters; all must hold."`
	From       string   `json:"from,omitempty" doc:"Start of the range, included: RFC 3339, or YYYY-MM-DD for midnight in timezone. Left out: all time." example:"2026-11-01T00:00:00Z"`
	To         string   `json:"to,omitempty" doc:"End of the range, not included. Left out: now." example:"2026-11-02T00:00:00Z"`
	Grain      string   `json:"grain,omitempty" doc:"Width of time buckets; a first column time is added." enum:"none,10s,minute,hour,day,week,month" default:"none"`
	Timezone   string   `json:"timezone,omitempty" doc:"IANA time zone in which hours, days, weeks (from Monday) and months are cut and times are written. Left out: the report time zone." example:"Europe/Berlin"`
	Compare    string   `json:"compare,omitempty" doc:"Adds a column <metric>_previous for each metric: of the window of equal length just before, or of the same window a year ago." enum:"none,previous,year" default:"none"`
	Order      []Order  `json:"order,omitempty" doc:"Left out: by the first metric, largest first; with a grain, by time."`
	Limit      int      `json:"limit,omitempty" doc:"At most so many rows; with a grain, groups." minimum:"0" maximum:"100000"`
	Totals     bool     `json:"totals,omitempty" doc:"Adds totals: one row (a bucket) over all groups, those beyond the limit too. It is not the sum of the rows."`
	Others     bool     `json:"others,omitempty" doc:"Adds to each bucket one row for the groups beyond the limit; its dimensions are null."`
}

// Where keeps what has one of the values. "" is "unknown".
type Where struct {
	Dimension string   `json:"dimension" doc:"A dimension's name." example:"country"`
	In        []string `json:"in" doc:"Values, at least one." example:"[\"US\"]" minItems:"1"`
}

// Order sorts by a returned column or by any metric.
type Order struct {
	By   string `json:"by" doc:"A returned column or any metric." example:"plays"`
	Desc bool   `json:"desc,omitempty" doc:"Largest first."`
}

// ParseQuery decodes a query strictly: an unknown field is an error that names
// the nearest known one. Errors are *QueryError.
func ParseQuery(data []byte) (Query, error) {
	var q Query
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&q); err != nil {
		return Query{}, &QueryError{Fields: []FieldError{decodeError(err)}}
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return Query{}, &QueryError{Fields: []FieldError{{Code: "json", Message: "there is something after the query object"}}}
	}
	return q, nil
}

func decodeError(err error) FieldError {
	var typ *json.UnmarshalTypeError
	var syn *json.SyntaxError
	switch {
	case errors.As(err, &typ):
		return FieldError{Field: typ.Field, Code: "type", Message: fmt.Sprintf("expected %s, got %s", jsonType(typ.Type.Kind().String()), typ.Value)}
	case errors.As(err, &syn):
		return FieldError{Code: "json", Message: fmt.Sprintf("not valid JSON at byte %d: %s", syn.Offset, syn.Error())}
	case errors.Is(err, io.EOF):
		return FieldError{Code: "json", Message: "the body is empty; expected a query object"}
	case errors.Is(err, io.ErrUnexpectedEOF):
		return FieldError{Code: "json", Message: "the query object is cut short"}
	}
	if name, ok := strings.CutPrefix(err.Error(), "json: unknown field "); ok {
		name = strings.Trim(name, `"`)
		known := []string{"metrics", "dimensions", "where", "from", "to", "grain", "timezone", "compare", "order", "limit", "totals", "others", "dimension", "in", "by", "desc"}
		return FieldError{Field: clip(name), Code: "unknown", Message: "unknown field" + didYouMean(name, known)}
	}
	return FieldError{Code: "json", Message: strings.TrimPrefix(err.Error(), "json: ")}
}

func jsonType(kind string) string {
	switch kind {
	case "slice", "array":
		return "an array"
	case "struct", "map":
		return "an object"
	case "int", "int64", "float64":
		return "a number"
	case "bool":
		return "true or false"
	}
	return "a " + kind
}
