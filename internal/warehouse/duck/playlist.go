package duck

import (
	"context"
	"database/sql/driver"
	"fmt"
	"strings"

	"playhead/internal/event"
	"playhead/internal/fact"
	"playhead/internal/rollup"
	"playhead/internal/warehouse"
	"playhead/internal/warehouse/layout"
)

var _ warehouse.PlayLister = (*DB)(nil)

// maxListed bounds the rows that one list reads, and those that take them back.
const maxListed = 5_000

// ListPlays implements warehouse.PlayLister. What sorts first is found by columns
// alone; only those rows are decoded.
func (db *DB) ListPlays(ctx context.Context, a warehouse.PlayAsk) (out warehouse.PlayRows, offsets []warehouse.Offset, err error) {
	q := &query{}
	q.and("first_ms < ? AND last_ms > ?", a.To, a.From)
	if !a.Viewer.IsZero() {
		q.and("viewer = ?", a.Viewer[:])
	}
	columns := layout.DimensionColumns()[:rollup.Creative]
	for _, w := range a.Where {
		if int(w.Dimension) >= len(columns) {
			return out, nil, rollup.ErrNotCovered
		}
		q.filter(columns[w.Dimension], w.In)
	}
	err = db.read(ctx, func(s session) error {
		if offsets, err = s.offsets(); err != nil {
			return err
		}
		if out.Viewers, err = s.someViewers(q, a.AtLeast); err != nil {
			return err
		}
		out.Rows, err = s.worstPlays(q, a)
		return err
	})
	if err != nil {
		return out, nil, fmt.Errorf("list plays: %w", err)
	}
	return out, offsets, nil
}

// someViewers are known viewers, at most n.
func (s session) someViewers(q *query, n int) (map[event.ViewerKey]struct{}, error) {
	found := map[event.ViewerKey]struct{}{}
	if n <= 0 {
		return found, nil
	}
	sql := fmt.Sprintf("SELECT DISTINCT viewer FROM plays WHERE coupon <> 0 AND %s LIMIT %d", q.conditions(), n)
	return found, s.each(sql, q.args, func(row []driver.Value) error {
		var v event.ViewerKey
		copy(v[:], row[0].([]byte))
		found[v] = struct{}{}
		return nil
	})
}

// worstPlays are the rows that sort first, and those of their viewers that take
// something back.
func (s session) worstPlays(q *query, a warehouse.PlayAsk) (rows []warehouse.PlayRow, err error) {
	condition, by := layout.PlayOrder(a.Order)
	// A correction leaves two rows of a play that sort alike, rarely more.
	limit := min(3*a.Limit+1, maxListed)
	sql := "SELECT viewer, n, detail, " + strings.Join(layout.DimensionColumns()[:rollup.Creative], ", ") + " FROM plays WHERE " + q.conditions() + " AND " + condition
	var viewers []any
	seen := map[string]bool{}
	err = s.each(fmt.Sprintf("%s AND n > 0 ORDER BY %s DESC, first_ms DESC LIMIT %d", sql, by, limit), q.args, func(row []driver.Value) error {
		r, err := playRow(row)
		if v := string(row[0].([]byte)); !seen[v] {
			seen[v] = true
			viewers = append(viewers, []byte(v))
		}
		rows = append(rows, r)
		return err
	})
	if err != nil || len(viewers) == 0 {
		return rows, err
	}
	sql += " AND n < 0 AND viewer IN (?" + strings.Repeat(", ?", len(viewers)-1) + ")"
	err = s.each(sql, append(append([]any(nil), q.args...), viewers...), func(row []driver.Value) error {
		r, err := playRow(row)
		rows = append(rows, r)
		return err
	})
	return rows, err
}

// playRow reads a row: viewer, n, detail and the dimensions.
func playRow(row []driver.Value) (warehouse.PlayRow, error) {
	text := func(d rollup.Dimension) string { return row[3+int(d)].(string) }
	d := fact.Dims{
		Title: text(rollup.Title), Country: text(rollup.Country), DeviceType: text(rollup.DeviceType), CDN: text(rollup.CDN), Region: text(rollup.Region),
		OS: text(rollup.OS), AppVersion: text(rollup.AppVersion), Player: text(rollup.Player), ISP: text(rollup.ISP),
	}
	var b fact.Batch
	if err := layout.ReadDetail(&b, row[2].([]byte), row[0].([]byte), &d); err != nil {
		return warehouse.PlayRow{}, err
	}
	return warehouse.PlayRow{Play: b.Plays[0], Dims: b.Dims, Slots: b.Slots}, nil
}
