package duck

import (
	"context"
	"database/sql/driver"
	"fmt"
	"math"
	"strings"

	"playhead/internal/rollup"
	"playhead/internal/warehouse"
)

var _ warehouse.Sampler = (*DB)(nil)

// thresholds are up to which hash viewers are in the sample, by day.
func (s session) thresholds() (map[int64]uint64, error) {
	t := map[int64]uint64{}
	err := s.each("SELECT bucket, threshold FROM sample_rate", nil, func(row []driver.Value) error {
		t[row[0].(int64)] = row[1].(uint64)
		return nil
	})
	return t, err
}

// appendSample appends what the finished plays of generations say of the viewers
// that are in the sample of their day.
func (db *DB) appendSample(s session, list []*rollup.Generation) error {
	limits, err := s.thresholds()
	if err != nil {
		return err
	}
	sample := rollup.NewSample(rollup.SampleScan{From: math.MinInt64, To: math.MaxInt64}, db.days)
	for _, g := range list {
		sample.AddGeneration(g)
	}
	return s.appendRows("sample_day", nil, func(w *rowWriter) error {
		for _, r := range sample.Rows() {
			if limit, ok := limits[r.Day]; ok && r.Hash > limit {
				continue
			}
			w.int64(r.Day)
			w.uint64(r.Hash)
			w.string(r.Title)
			w.string(r.Country)
			w.string(r.DeviceType)
			w.int64(r.Plays)
			w.int64(r.MediaMS)
			w.int64(r.Completed)
			if err := w.next(); err != nil {
				return err
			}
		}
		return nil
	})
}

// thinSample halves the sample of days that have grown too large, until they are
// small enough.
func (db *DB) thinSample(ctx context.Context) error {
	var days []int64
	err := db.read(ctx, func(s session) error {
		days = nil
		return s.each("SELECT bucket FROM sample_day GROUP BY bucket HAVING count(*) > ?", []any{db.opts.SampleRows}, func(row []driver.Value) error {
			days = append(days, row[0].(int64))
			return nil
		})
	})
	for i := 0; err == nil && i < len(days); i++ {
		err = db.step(ctx, func(s session) error { return db.thinDay(s, days[i]) })
	}
	return err
}

// thinDay halves the sample of a day until it has at most half of the rows that
// it may have: a hash is kept or not whatever else is in the sample, so that the
// samples of days are of the same viewers up to the smaller threshold.
func (db *DB) thinDay(s session, day int64) error {
	limits, err := s.thresholds()
	if err != nil {
		return err
	}
	limit, ok := limits[day]
	if !ok {
		limit = math.MaxUint64
	}
	for rows := int64(math.MaxInt64); rows > db.opts.SampleRows/2 && limit > 1<<20; {
		limit /= 2
		err := s.each("SELECT count(*) FROM sample_day WHERE bucket = ? AND hash <= ?", []any{day, limit}, func(row []driver.Value) error {
			rows = row[0].(int64)
			return nil
		})
		if err != nil {
			return err
		}
	}
	for _, q := range []string{
		fmt.Sprintf("DELETE FROM sample_day WHERE bucket = %d AND hash > %d", day, limit),
		fmt.Sprintf("DELETE FROM sample_rate WHERE bucket = %d", day),
		fmt.Sprintf("INSERT INTO sample_rate VALUES (%d, %d)", day, limit),
	} {
		if err := s.exec(q); err != nil {
			return err
		}
	}
	return nil
}

// Sample is what the viewers in the sample of all of the days watched.
func (db *DB) Sample(ctx context.Context, scan rollup.SampleScan) (*rollup.Sample, []warehouse.Offset, error) {
	var sample *rollup.Sample
	var offsets []warehouse.Offset
	err := db.read(ctx, func(s session) (err error) {
		sample = rollup.NewSample(scan, db.days)
		if offsets, err = s.offsets(); err != nil {
			return err
		}
		limits, err := s.thresholds()
		if err != nil {
			return err
		}
		for day, limit := range limits {
			if day >= scan.From && day < scan.To {
				sample.Limit(limit)
			}
		}
		q := &query{}
		q.and("bucket >= ? AND bucket < ? AND hash <= ?", scan.From, scan.To, sample.Threshold())
		columns := map[rollup.Dimension]string{rollup.Title: "title", rollup.Country: "country", rollup.DeviceType: "device_type"}
		for _, w := range scan.Where {
			c, ok := columns[w.Dimension]
			if !ok {
				return rollup.ErrNotCovered
			}
			q.filter(c, w.In)
		}
		sql := "SELECT bucket, hash, " + strings.Join([]string{"title", "country", "device_type", "plays", "media_ms", "completed"}, ", ") + " FROM sample_day WHERE " + q.conditions()
		return s.each(sql, q.args, func(row []driver.Value) error {
			sample.Add(rollup.SampleRow{
				Day: row[0].(int64), Hash: row[1].(uint64), Title: row[2].(string), Country: row[3].(string), DeviceType: row[4].(string),
				Plays: row[5].(int64), MediaMS: row[6].(int64), Completed: row[7].(int64),
			})
			return nil
		})
	})
	if err != nil {
		return nil, nil, fmt.Errorf("read the sample: %w", err)
	}
	return sample, offsets, nil
}
