package duck

import (
	"context"
	"database/sql/driver"
	"fmt"
	"strings"

	"playhead/internal/rollup"
)

// rolledUpTo is up to which time (epoch ms) the cells of a face are in a coarser
// source; 0 for none.
type rolledUpTo map[rolledKey]int64

type rolledKey struct {
	source rollup.Source
	face   rollup.Face
}

func (r rolledUpTo) upTo(s rollup.Source, f rollup.Face) int64 { return r[rolledKey{s, f}] }

func (s session) rolled() (rolledUpTo, error) {
	r := rolledUpTo{}
	err := s.each("SELECT source, face, upto FROM rolled", nil, func(row []driver.Value) error {
		r[rolledKey{rollup.Source(row[0].(uint8)), rollup.Face(row[1].(uint8))}] = row[2].(int64)
		return nil
	})
	return r, err
}

// chain are the sources of a family from s to the finest.
func chain(s rollup.Source) []rollup.Source {
	list := []rollup.Source{s}
	for {
		finer, ok := finerOf(list[len(list)-1])
		if !ok {
			return list
		}
		list = append(list, finer)
	}
}

// finerOf is the next finer source of the same family.
func finerOf(s rollup.Source) (rollup.Source, bool) {
	for _, f := range cellSources() {
		if c := f.Coarser(); len(c) > 0 && c[0] == s {
			return f, true
		}
	}
	return 0, false
}

// stretch is where the cells of some time are.
type stretch struct {
	source   rollup.Source
	from, to int64 // of bucket; a source of all time has one bucket
}

func (x stretch) where() string {
	if x.source == rollup.SourceCreativeAll {
		return "true"
	}
	return fmt.Sprintf("bucket >= %d AND bucket < %d", x.from, x.to)
}

// stretches are where the cells of a face from one time to another are: what is
// rolled up in the source itself, the rest in the finer ones.
func stretches(s rollup.Source, face rollup.Face, from, to int64, rolled rolledUpTo) (list []stretch) {
	sources := chain(s)
	for i, source := range sources {
		list = append(list, stretch{source, from, to})
		if i+1 < len(sources) {
			from = max(from, rolled.upTo(source, face))
		}
		if from >= to {
			break
		}
	}
	return list
}

// rollUp sums finished buckets of coarser sources from finer ones, as many a
// transaction as are not much.
func (db *DB) rollUp(ctx context.Context, now int64) error {
	for _, source := range cellSources() {
		for _, coarser := range source.Coarser()[:min(1, len(source.Coarser()))] {
			for more := true; more; {
				var err error
				if more, err = db.rollSome(ctx, source, coarser, now); err != nil {
					return fmt.Errorf("sum %s to %s: %w", tableOf(source), tableOf(coarser), err)
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
		from = rolled.upTo(coarser, rollup.FaceAll)
		upto := now - db.opts.Compact.QuietMS
		if _, ok := finerOf(finer); ok {
			upto = min(upto, rolled.upTo(finer, rollup.FaceAll))
		}
		to, more, err = db.finished(s, finer, coarser, from, upto)
		return err
	})
	if err != nil || to <= from {
		return false, err
	}
	return more, db.step(ctx, func(s session) error {
		where := stretch{finer, from, to}.where()
		tier := uint8(finalTier)
		if coarser == rollup.SourceCreativeAll {
			tier = 1 // more will come
		}
		err := rewrite(s, finer, coarser, where, func(p *part) { p.bucket, _ = db.days.Bucket(coarser, p.bucket) }, tier)
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
		rowBytes(partBytes, finer.Sketches()), tableOf(finer), from, upto)
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
func rewrite(s session, from, to rollup.Source, where string, move func(*part), tier uint8) error {
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

func rewritePage(s session, from, to rollup.Source, where string, move func(*part), tier uint8) error {
	order := []string{"face"}
	for i := range keyCount(from) {
		order = append(order, fmt.Sprint("k", i))
	}
	if from == to {
		order = append([]string{"bucket"}, order...)
	} else {
		order = append(order, "bucket")
	}
	reader := newCellReader(from)
	var list []*part
	sql := "SELECT " + strings.Join(cellColumns(from), ", ") + " FROM " + tableOf(from) + " WHERE " + where + " ORDER BY " + strings.Join(order, ", ")
	err := s.each(sql, nil, func(row []driver.Value) error {
		p := reader.read(row)
		if move != nil {
			move(p)
		}
		if n := len(list); n > 0 && list[n-1].same(p) {
			return reader.merge(list[n-1], p)
		}
		list = append(list, p)
		return nil
	})
	if err != nil {
		return err
	}
	if from == to {
		if err := s.exec("DELETE FROM " + tableOf(from) + " WHERE " + where); err != nil {
			return err
		}
	}
	a, err := newCellAppender(s, to, tableOf(to))
	if err != nil {
		return err
	}
	for _, p := range list {
		if err = a.part(p, tier); err != nil {
			break
		}
	}
	return joinClose(a, err)
}

func joinClose(a *cellAppender, err error) error {
	if closing := a.close(err != nil); err == nil {
		return closing
	}
	return err
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
	for _, k := range kinds(set) {
		q += fmt.Sprintf(" + coalesce(least(60 + %d * %s_n, %d), 0)", map[bool]int{false: 4, true: 8}[k == rollup.Audience],
			sketchColumn(k), map[bool]int{false: 4200, true: 33000}[k == rollup.Audience])
	}
	return q
}

// pagesOf cuts the rows that meet a condition into stretches of their first key,
// as conditions to be added; one empty condition if they are few.
func pagesOf(s session, source rollup.Source, where string) ([]string, error) {
	total := 0.0
	bytes := rowBytes(partBytes, source.Sketches())
	err := s.each("SELECT sum("+bytes+")::DOUBLE FROM "+tableOf(source)+" WHERE "+where, nil, func(row []driver.Value) error {
		total, _ = row[0].(float64)
		return nil
	})
	if err != nil || total <= rewriteBytes || keyCount(source) == 0 {
		return []string{""}, err
	}
	var cuts []string
	sum := 0.0
	err = s.each("SELECT coalesce(k0, ''), sum("+bytes+")::DOUBLE FROM "+tableOf(source)+" WHERE "+where+" GROUP BY 1 ORDER BY 1", nil, func(row []driver.Value) error {
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
