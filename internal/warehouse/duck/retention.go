package duck

import (
	"cmp"
	"context"
	"database/sql/driver"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"playhead/internal/fact"
	"playhead/internal/rollup"
	"playhead/internal/warehouse"
)

// errBins: stored retention bins cannot be read.
var errBins = errors.New("corrupt retention bins")

// maxBins bounds what a damaged row can make us allocate.
const maxBins = 1 << 12

// appendBins appends the three series of a curve, each as a count and varints.
func appendBins(dst []byte, c *rollup.Curve) []byte {
	for _, bins := range [][]int64{c.WatchedMS, c.Furthest, c.Starts} {
		dst = binary.AppendUvarint(dst, uint64(len(bins)))
		for _, v := range bins {
			dst = binary.AppendVarint(dst, v)
		}
	}
	return dst
}

// readBins reads what appendBins wrote.
func readBins(data []byte, c *rollup.Curve) error {
	for _, bins := range []*[]int64{&c.WatchedMS, &c.Furthest, &c.Starts} {
		n, size := binary.Uvarint(data)
		if size <= 0 || n > maxBins {
			return errBins
		}
		data = data[size:]
		*bins = make([]int64, n)
		for i := range *bins {
			v, size := binary.Varint(data)
			if size <= 0 {
				return errBins
			}
			(*bins)[i], data = v, data[size:]
		}
	}
	if len(data) != 0 {
		return errBins
	}
	return nil
}

// appendCurves appends the curves of generations, one row a curve; late ones to the
// month that holds their day already, too.
func (db *DB) appendCurves(s session, list []*rollup.Generation) error {
	upTo, err := s.monthsUpTo()
	if err != nil {
		return err
	}
	var days, months curveMap
	for _, g := range list {
		err := g.Curves(func(day int64, title, device string, c *rollup.Curve) error {
			if day < upTo {
				month, _ := db.days.Month(day)
				_ = months.add(month, title, device, c) // it never fails
			}
			return days.add(day, title, device, c)
		})
		if err != nil {
			return err
		}
	}
	if err := days.write(s, curveDays); err != nil {
		return err
	}
	return months.write(s, curveMonths)
}

// curveKey is what the rows of retention_day are about.
type curveKey struct {
	day           int64
	title, device string
	width         int64
}

// curveMap sums curves, and keeps nothing of those it is given.
type curveMap struct {
	curves map[curveKey]*rollup.Curve
	order  []curveKey
}

func (m *curveMap) add(day int64, title, device string, c *rollup.Curve) error {
	if m.curves == nil {
		m.curves = map[curveKey]*rollup.Curve{}
	}
	k := curveKey{day, title, device, c.WidthMS}
	if m.curves[k] == nil {
		m.curves[k] = &rollup.Curve{WidthMS: c.WidthMS}
		m.order = append(m.order, k)
	}
	m.curves[k].Merge(c)
	return nil
}

// Tables of curves: by day, and by month of those that are over.
const (
	curveDays   = "retention_day"
	curveMonths = "retention_month"
)

func (m *curveMap) write(s session, table string) error {
	if len(m.order) == 0 {
		return nil
	}
	slices.SortFunc(m.order, func(a, b curveKey) int {
		return cmp.Or(cmp.Compare(a.day, b.day), cmp.Compare(a.title, b.title), cmp.Compare(a.device, b.device), cmp.Compare(a.width, b.width))
	})
	return s.appendRows(table, nil, func(add func(...driver.Value) error) error {
		for _, k := range m.order {
			c := m.curves[k]
			if err := add(k.day, k.title, k.device, k.width, c.Plays, c.DurationMS, appendBins(nil, c)); err != nil {
				return err
			}
		}
		return nil
	})
}

const curveColumns = "bucket, title, device, width, plays, duration_ms, bins"

// curveOf reads a row of curveColumns.
func curveOf(row []driver.Value) (day int64, title, device string, c *rollup.Curve, err error) {
	c = &rollup.Curve{WidthMS: row[3].(int64), Plays: row[4].(int64), DurationMS: row[5].(int64)}
	err = readBins(row[6].([]byte), c)
	return row[0].(int64), row[1].(string), row[2].(string), c, err
}

// Retention is a title's curves, and the offsets of the snapshot read.
func (db *DB) Retention(ctx context.Context, scan rollup.CurveScan) (*rollup.CurveSet, []warehouse.Offset, error) {
	var set *rollup.CurveSet
	var offsets []warehouse.Offset
	err := db.read(ctx, func(s session) (err error) {
		set = rollup.NewCurveSet(scan)
		if offsets, err = s.offsets(); err != nil {
			return err
		}
		if len(scan.Of) == 0 {
			return nil
		}
		if !scan.Rolled() {
			return playCurves(s, &scan, set)
		}
		upTo, err := s.monthsUpTo()
		if err != nil {
			return err
		}
		from, to := db.wholeMonths(scan.From, min(scan.To, upTo))
		var sql []string
		var args []any
		some := func(table string, from, to int64) {
			condition, titles := titlesIn(&scan)
			sql = append(sql, "SELECT "+curveColumns+" FROM "+table+" WHERE "+condition+" AND bucket >= ? AND bucket < ?")
			args = append(append(args, titles...), from, to)
		}
		some(curveMonths, from, to)
		some(curveDays, scan.From, from)
		some(curveDays, to, scan.To)
		return s.each(strings.Join(sql, " UNION ALL "), args, func(row []driver.Value) error {
			day, title, device, c, err := curveOf(row)
			if err != nil {
				return err
			}
			set.Add(day, title, device, c)
			return nil
		})
	})
	if err != nil {
		return nil, nil, fmt.Errorf("read retention: %w", err)
	}
	return set, offsets, nil
}

// titlesIn is the condition that a row is of one of the scan's titles.
func titlesIn(scan *rollup.CurveScan) (condition string, titles []any) {
	for _, title := range slices.Sorted(maps.Keys(scan.Of)) {
		titles = append(titles, title)
	}
	return "title IN (?" + strings.Repeat(", ?", len(titles)-1) + ")", titles
}

// playCurves adds the single plays of the titles.
func playCurves(s session, scan *rollup.CurveScan, set *rollup.CurveSet) error {
	condition, titles := titlesIn(scan)
	condition += fmt.Sprintf(" AND last_ms >= %d AND first_ms < %d", scan.From, scan.To)
	return eachPlay(s, condition, titles, func(b *fact.Batch) {
		p := &b.Plays[0]
		set.AddPlay(p, &b.Dims[p.Dims])
	})
}

// Values are all values of a dimension that were ever stored.
func (db *DB) Values(ctx context.Context, d rollup.Dimension) (values []string, err error) {
	err = db.read(ctx, func(s session) error {
		values = nil
		return s.each("SELECT DISTINCT value FROM dim_values WHERE dim = ?", []any{uint8(d)}, func(row []driver.Value) error {
			values = append(values, row[0].(string))
			return nil
		})
	})
	if err != nil {
		return nil, fmt.Errorf("read values: %w", err)
	}
	return values, nil
}
