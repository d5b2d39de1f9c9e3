package clickhouse

import (
	"context"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"playhead/internal/rollup"
	"playhead/internal/warehouse"
)

var _ warehouse.Sampler = (*DB)(nil)

// Sample is what the viewers in the sample of all of the days watched.
func (db *DB) Sample(ctx context.Context, scan rollup.SampleScan) (*rollup.Sample, []warehouse.Offset, error) {
	columns := map[rollup.Dimension]string{rollup.Title: "title", rollup.Country: "country", rollup.DeviceType: "device_type"}
	var where []string
	for _, w := range scan.Where {
		c, ok := columns[w.Dimension]
		if !ok {
			return nil, nil, rollup.ErrNotCovered
		}
		where = append(where, oneOf(c, w.In))
	}
	var sample *rollup.Sample
	var offsets []warehouse.Offset
	err := db.read(ctx, []string{sampleName}, func(v *view) error {
		sample, offsets = rollup.NewSample(scan, db.days), v.offsets()
		for day, limit := range v.Limits {
			if day >= scan.From && day < scan.To {
				sample.Limit(limit)
			}
		}
		runs := v.runs(sampleName, scan.From, scan.To)
		if runs == "" {
			return nil
		}
		all := append([]string{runs, fmt.Sprintf("bucket >= %s AND bucket < %d AND hash <= %d", number(scan.From), scan.To, sample.Threshold())}, where...)
		var r rollup.SampleRow
		sql := "SELECT bucket, hash, title, country, device_type, plays, media_ms, completed FROM " + sampleName + " WHERE " + strings.Join(all, " AND ")
		return v.all(ctx, sql, func(rows driver.Rows) error {
			err := rows.Scan(&r.Day, &r.Hash, &r.Title, &r.Country, &r.DeviceType, &r.Plays, &r.MediaMS, &r.Completed)
			if err == nil {
				sample.Add(r)
			}
			return err
		})
	})
	if err != nil {
		return nil, nil, fmt.Errorf("read the sample: %w", err)
	}
	return sample, offsets, nil
}

// inSample is the condition that a row is of a viewer who is in the sample of the day.
func (s *state) inSample() string {
	var out []string
	for _, day := range slices.Sorted(maps.Keys(s.Limits)) {
		out = append(out, fmt.Sprintf("(bucket = %d AND hash > %d)", day, s.Limits[day]))
	}
	if len(out) == 0 {
		return ""
	}
	return " AND NOT (" + strings.Join(out, " OR ") + ")"
}

// thinSample halves the sample of days that have grown too large, until each has at
// most half of the rows that it may have: a hash is kept or not whatever else is in
// the sample, so that the samples of days are of the same viewers up to the smaller
// threshold. What is out no longer counts, and goes when runs are merged.
func (db *DB) thinSample(ctx context.Context) error {
	db.write.Lock()
	defer db.write.Unlock()
	var next *state
	err := db.read(ctx, []string{sampleName}, func(v *view) error {
		next = nil
		runs := v.allRuns(sampleName)
		if runs == "" {
			return nil
		}
		days := map[int64]int64{}
		var day, n int64
		sql := fmt.Sprintf("SELECT bucket, toInt64(count()) FROM %s WHERE %s%s GROUP BY bucket", sampleName, runs, v.inSample())
		err := v.all(ctx, sql, func(rows driver.Rows) error {
			err := rows.Scan(&day, &n)
			days[day] += n
			return err
		})
		for day, n := range days {
			if err != nil || n <= db.opts.SampleRows {
				continue
			}
			if next == nil {
				next = v.clone()
			}
			next.Limits[day], err = v.thinner(ctx, runs, day)
		}
		return err
	})
	if err != nil || next == nil {
		return err
	}
	return db.commit(ctx, next)
}

// thinner is the threshold at which a day's sample has half of what it may have.
func (v *view) thinner(ctx context.Context, runs string, day int64) (uint64, error) {
	limit, ok := v.Limits[day]
	if !ok {
		limit = math.MaxUint64
	}
	for rows := int64(math.MaxInt64); rows > v.db.opts.SampleRows/2 && limit > 1<<20; {
		limit /= 2
		rows = 0
		var n int64
		sql := fmt.Sprintf("SELECT toInt64(count()) FROM %s WHERE %s AND bucket = %d AND hash <= %d", sampleName, runs, day, limit)
		err := v.all(ctx, sql, func(r driver.Rows) error {
			err := r.Scan(&n)
			rows += n
			return err
		})
		if err != nil {
			return 0, err
		}
	}
	return limit, nil
}
