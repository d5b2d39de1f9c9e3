package metric

import (
	"context"
	"fmt"

	"playhead/internal/rollup"
)

// Joiner is a Scanner that answers scans of the same keys, each of a stretch of time of
// its own, as one without buckets: their sums together, and of distinct counts over all
// of them the estimates alone. It may remember that, where it could not the sketches.
type Joiner interface {
	Join(ctx context.Context, scans []rollup.Scan) (*rollup.Result, error)
}

// joins says whether the pieces of a part, which are to be added up, may be joined by the
// scanner: where distinct counts are asked for that nothing is added to any more.
func (x *execution) joins(y *part, c *cover, divided bool, top *rollup.Top) (Joiner, bool) {
	j, ok := x.scanner.(Joiner)
	if !ok || divided || top != nil || x.r.others || y.kind != ofGroups || y.needs.sketches == 0 || len(c.pieces) < 2 {
		return nil, false
	}
	for k := range rollup.SketchCount {
		if y.needs.sketches.Has(k) && (k.Quantile() || k == rollup.Audience) {
			return nil, false
		}
	}
	for i := range c.pieces {
		if s := c.pieces[i].level.source; s == rollup.SourcePlays || s == rollup.SourceCreativeAll {
			return nil, false
		}
	}
	return j, true
}

// join fetches the pieces of a part as one.
func (x *execution) join(ctx context.Context, j Joiner, y *part, c *cover, f *frame, where []rollup.Filter) error {
	scans := make([]rollup.Scan, len(c.pieces))
	for i := range scans {
		scans[i] = y.scan(&c.pieces[i], false)
		scans[i].Where = where
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	res, err := j.Join(ctx, scans)
	if err != nil {
		return fmt.Errorf("scan %s: %w", SourceName(scans[0].Source), err)
	}
	if err := x.count(len(res.Groups)); err != nil {
		return err
	}
	x.read += res.CellsRead
	for i := range scans {
		x.used(scans[i].Source)
	}
	f.saw(res)
	x.takeGroups(f, y, res, func(*rollup.Group) int { return 0 })
	return nil
}
