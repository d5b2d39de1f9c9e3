package duck

import (
	"database/sql/driver"
	"fmt"
	"strings"

	"playhead/internal/rollup"
	"playhead/internal/warehouse/layout"
)

// pageBytes is about how many bytes of sketches one query may bring: the engine
// holds a whole answer in memory, and counts little of it.
const pageBytes = 8 << 20

// merge reads the sketches of the cells and merges them into the answer: of the
// groups in need, by layout.GroupKey, or of all if it is nil.
func (c *cellScan) merge(from, to int64, need map[string]rollup.SketchSet) error {
	narrow := c.narrow(need)
	pages, err := c.pages(from, to, narrow)
	if err != nil {
		return err
	}
	for _, page := range pages {
		if err := c.mergePage(from, to, narrow+page, need); err != nil {
			return err
		}
	}
	return nil
}

// narrow is a condition that leaves out most rows of groups that are not in need.
func (c *cellScan) narrow(need map[string]rollup.SketchSet) string {
	const most = 2000
	if need == nil || len(need) > most || len(c.q.keys) == 0 {
		return ""
	}
	seen := map[string]bool{}
	var list []string
	for k := range need {
		if v := layout.KeyAt(k, 0); !seen[v] {
			seen[v] = true
			list = append(list, quote(v))
		}
	}
	return " AND " + c.q.keys[0] + " IN (" + strings.Join(list, ", ") + ")"
}

func (c *cellScan) set() rollup.SketchSet { return rollup.SketchesOf(c.sketches...) }

func (c *cellScan) columns() (list []string) {
	for _, k := range c.sketches {
		list = append(list, layout.SketchColumn(k))
	}
	return list
}

// present is the condition that a row has one of the sketches.
func (c *cellScan) present() string {
	var list []string
	for _, k := range c.sketches {
		list = append(list, layout.SketchColumn(k)+"_n IS NOT NULL")
	}
	return "(" + strings.Join(list, " OR ") + ")"
}

func (c *cellScan) counts() (list []string) {
	for _, k := range c.sketches {
		list = append(list, layout.SketchColumn(k)+"_n")
	}
	return list
}

// pages cuts the rows with sketches into conditions by bucket and first key, so
// that none brings much more than pageBytes, or than a part of that where the scan is in pieces.
func (c *cellScan) pages(from, to int64, narrow string) ([]string, error) {
	by := "bucket"
	if len(c.scan.Source.FaceDimensions(c.face)) > 0 {
		by += ", k0"
	}
	source, args := c.from(from, to, c.counts()...)
	bytes := rowBytes(answerBytes, c.set())
	where := " WHERE " + c.present() + narrow
	total, most := 0.0, float64(max(pageBytes/c.pieces, pageBytes/16))
	err := c.s.each("SELECT sum("+bytes+")::DOUBLE FROM "+source+where, args, func(row []driver.Value) error {
		total, _ = row[0].(float64)
		return nil
	})
	if err != nil || total <= most {
		return []string{""}, err
	}
	var pages []string
	var cuts []string
	at, sum := int64(0), 0.0
	begun := false
	end := func(from, to int64) {
		for _, x := range between("k0", cuts) {
			pages = append(pages, fmt.Sprintf(" AND bucket >= %d AND bucket < %d%s", from, to, x))
		}
		cuts, sum = nil, 0
	}
	start := int64(0)
	err = c.s.each("SELECT "+by+", sum("+bytes+")::DOUBLE FROM "+source+where+" GROUP BY ALL ORDER BY ALL", args, func(row []driver.Value) error {
		bucket, size := row[0].(int64), row[len(row)-1].(float64)
		if begun && bucket != at && (len(cuts) > 0 || sum+size > most) {
			end(start, bucket)
			start = bucket
		}
		if begun && bucket == at && sum+size > most && len(row) == 3 {
			if start != at { // what came before is a page of its own
				end(start, at)
				start = at
			}
			cuts, sum = append(cuts, row[1].(string)), 0
		}
		at, begun = bucket, true
		sum += size
		return nil
	})
	if err != nil {
		return nil, err
	}
	end(start, 1<<62)
	return pages, nil
}

func (c *cellScan) mergePage(from, to int64, narrow string, need map[string]rollup.SketchSet) error {
	source, args := c.from(from, to, append(c.columns(), c.counts()...)...)
	keys := make([]string, len(c.q.keys))
	var key []byte
	sql := "SELECT " + c.q.selects(bucketOf("bucket", c.bounds), append(c.columns(), c.counts()...)...) + " FROM " + source + " WHERE " + c.present() + narrow
	return c.s.each(sql, args, func(row []driver.Value) error {
		i := keysOf(row, keys)
		set := c.set()
		if need != nil {
			key = layout.GroupKey(key, i, keys)
			set = need[string(key)]
		}
		for j, k := range c.sketches {
			image, ok := row[1+len(keys)+j].([]byte)
			if !ok || !set.Has(k) {
				continue
			}
			estimate, _ := row[1+len(keys)+len(c.sketches)+j].(float64)
			if err := c.acc.AddSketch(i, keys, k, image, estimate); err != nil {
				return err
			}
		}
		return nil
	})
}
