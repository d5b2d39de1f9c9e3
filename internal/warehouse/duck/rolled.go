package duck

import (
	"context"
	"database/sql/driver"
	"fmt"
	"strings"

	"playhead/internal/rollup"
	"playhead/internal/warehouse/layout"
)

func (s session) rolled() (layout.RolledUpTo, error) {
	r := layout.RolledUpTo{}
	err := s.each("SELECT source, face, upto FROM rolled", nil, func(row []driver.Value) error {
		r[layout.RolledKey{Source: rollup.Source(row[0].(uint8)), Face: rollup.Face(row[1].(uint8))}] = row[2].(int64)
		return nil
	})
	return r, err
}

// where is the condition that a row lies in a stretch.
func where(x layout.Stretch) string {
	if x.Source == rollup.SourceCreativeAll {
		return "true"
	}
	return fmt.Sprintf("bucket >= %d AND bucket < %d", x.From, x.To)
}

// rollUp sums finished buckets of coarser sources from finer ones, as many a
// transaction as are not much.
func (db *DB) rollUp(ctx context.Context, now int64) error {
	for _, source := range layout.CellSources() {
		for _, coarser := range source.Coarser()[:min(1, len(source.Coarser()))] {
			for more := true; more; {
				var err error
				if more, err = db.rollSome(ctx, source, coarser, now); err != nil {
					return fmt.Errorf("sum %s to %s: %w", layout.TableOf(source), layout.TableOf(coarser), err)
				}
			}
		}
	}
	return nil
}

// rollSome rolls up some buckets that are finished, and reports whether there may
// be more of them.
func (db *DB) rollSome(ctx context.Context, finer, coarser rollup.Source, now int64) (more bool, err error) {
	var from, to int64
	err = db.read(ctx, func(s session) error {
		rolled, err := s.rolled()
		if err != nil {
			return err
		}
		from = rolled.UpTo(coarser, rollup.FaceAll)
		upto := now - db.opts.Compact.QuietMS
		if _, ok := layout.FinerOf(finer); ok {
			upto = min(upto, rolled.UpTo(finer, rollup.FaceAll))
		}
		to, more, err = db.finished(s, finer, coarser, from, upto)
		return err
	})
	if err != nil || to <= from {
		return false, err
	}
	return more, db.step(ctx, func(s session) error {
		where := where(layout.Stretch{Source: finer, From: from, To: to})
		tier := uint8(finalTier)
		if coarser == rollup.SourceCreativeAll {
			tier = 1 // more will come
		}
		err := rewrite(s, finer, coarser, where, func(p *layout.Part) { p.Bucket, _ = db.days.Bucket(coarser, p.Bucket) }, tier)
		if err != nil {
			return err
		}
		if err := s.exec(fmt.Sprintf("DELETE FROM rolled WHERE source = %d", coarser)); err != nil {
			return err
		}
		for _, face := range coarser.Faces() {
			if err := s.exec(fmt.Sprintf("INSERT INTO rolled VALUES (%d, %d, %d)", coarser, face, to)); err != nil {
				return err
			}
		}
		return nil
	})
}

// finished is up to where the cells from a time on can be rolled up: the end of a
// bucket of the coarser source that is not after upto. It stops where there is
// much to do already.
func (db *DB) finished(s session, finer, coarser rollup.Source, from, upto int64) (to int64, more bool, err error) {
	sum := 0.0
	sql := fmt.Sprintf("SELECT bucket, sum(%s)::DOUBLE FROM %s WHERE bucket >= %d AND bucket < %d GROUP BY bucket ORDER BY bucket",
		rowBytes(partBytes, finer.Sketches()), layout.TableOf(finer), from, upto)
	err = s.each(sql, nil, func(row []driver.Value) error {
		_, end := db.days.Bucket(coarser, row[0].(int64))
		if coarser == rollup.SourceCreativeAll { // all that is finished goes in
			end = upto
		}
		switch {
		case end > upto || more:
		case end > to && to != 0 && sum > rewriteBytes:
			more = true
		default:
			to = max(to, end)
			sum += row[1].(float64)
		}
		return nil
	})
	return to, more, err
}

// rewriteMB is about how many MiB one page of a rewrite holds in memory at most,
// rewriteBytes the same in bytes.
const (
	rewriteMB    = 12
	rewriteBytes = rewriteMB << 20
)

// rewrite merges the rows of a source that meet a condition into one row a cell,
// appended to a source of the same family. move may change a row's bucket first.
// It works in pages of keys, so that it takes little memory however much there is.
func rewrite(s session, from, to rollup.Source, where string, move func(*layout.Part), tier uint8) error {
	pages, err := pagesOf(s, from, where)
	if err != nil {
		return err
	}
	for _, page := range pages {
		if err := rewritePage(s, from, to, where+page, move, tier); err != nil {
			return err
		}
	}
	return nil
}

func rewritePage(s session, from, to rollup.Source, where string, move func(*layout.Part), tier uint8) error {
	order := []string{"face"}
	for i := range layout.KeyCount(from) {
		order = append(order, fmt.Sprint("k", i))
	}
	if from == to {
		order = append([]string{"bucket"}, order...)
	} else {
		order = append(order, "bucket")
	}
	reader := newCellReader(from)
	var list []*layout.Part
	sql := "SELECT " + strings.Join(cellColumns(from), ", ") + " FROM " + layout.TableOf(from) + " WHERE " + where + " ORDER BY " + strings.Join(order, ", ")
	err := s.each(sql, nil, func(row []driver.Value) error {
		p := reader.read(row)
		if move != nil {
			move(p)
		}
		if n := len(list); n > 0 && list[n-1].Same(p) {
			return list[n-1].Merge(p, reader.measures, reader.sketches)
		}
		list = append(list, p)
		return nil
	})
	if err != nil {
		return err
	}
	if from == to {
		if err := s.exec("DELETE FROM " + layout.TableOf(from) + " WHERE " + where); err != nil {
			return err
		}
	}
	a, err := newCellAppender(s, to, layout.TableOf(to))
	if err != nil {
		return err
	}
	for _, p := range list {
		if err = a.part(p, tier); err != nil {
			break
		}
	}
	return a.close(err)
}

// partBytes is about what a part takes in memory besides its sketches, answerBytes
// what a row of an answer does.
const (
	partBytes   = 1200
	answerBytes = 200
)

// rowBytes is an expression for about how many bytes a row of a source takes in
// memory, with sketches of a set.
func rowBytes(base int, set rollup.SketchSet) string {
	q := fmt.Sprint(base)
	for _, k := range layout.Kinds(set) {
		q += fmt.Sprintf(" + coalesce(least(60 + %d * %s_n, %d), 0)", map[bool]int{false: 4, true: 8}[k == rollup.Audience],
			layout.SketchColumn(k), map[bool]int{false: 4200, true: 33000}[k == rollup.Audience])
	}
	return q
}

// pagesOf cuts the rows that meet a condition into stretches of their first key,
// as conditions to be added; one empty condition if they are few.
func pagesOf(s session, source rollup.Source, where string) ([]string, error) {
	total := 0.0
	bytes := rowBytes(partBytes, source.Sketches())
	err := s.each("SELECT sum("+bytes+")::DOUBLE FROM "+layout.TableOf(source)+" WHERE "+where, nil, func(row []driver.Value) error {
		total, _ = row[0].(float64)
		return nil
	})
	if err != nil || total <= rewriteBytes || layout.KeyCount(source) == 0 {
		return []string{""}, err
	}
	var cuts []string
	sum := 0.0
	err = s.each("SELECT coalesce(k0, ''), sum("+bytes+")::DOUBLE FROM "+layout.TableOf(source)+" WHERE "+where+" GROUP BY 1 ORDER BY 1", nil, func(row []driver.Value) error {
		if sum += row[1].(float64); sum > rewriteBytes {
			cuts = append(cuts, row[0].(string))
			sum = row[1].(float64)
		}
		return nil
	})
	return between("coalesce(k0, '')", cuts), err
}

// between are the conditions that a column lies between cuts.
func between(column string, cuts []string) []string {
	list := make([]string, 0, len(cuts)+1)
	for i := range len(cuts) + 1 {
		q := ""
		if i > 0 {
			q += " AND " + column + " >= " + quote(cuts[i-1])
		}
		if i < len(cuts) {
			q += " AND " + column + " < " + quote(cuts[i])
		}
		list = append(list, q)
	}
	return list
}

// quote writes a text as SQL does.
func quote(v string) string { return "'" + strings.ReplaceAll(v, "'", "''") + "'" }
