package metric

import "fmt"

// planLimit bounds the answer: buckets × groups stay within MaxRows.
func planLimit(_ *planner, r *request, out *plan) error {
	buckets := out.current.buckets()
	if buckets > MaxRows {
		return &QueryError{Fields: []FieldError{{Field: "grain", Code: "limit", Message: tooMany(int64(buckets), Grains()[r.grain])}}}
	}
	out.groups = r.limit
	if most := MaxRows / buckets; out.groups > most {
		out.groups, out.cut = most, true
	}
	return nil
}

func tooMany(n int64, grain string) string {
	return fmt.Sprintf("%d buckets of a %s are more than %d rows; ask for a shorter range or a coarser grain", n, grain, MaxRows)
}
