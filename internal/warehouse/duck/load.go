package duck

import (
	"context"
	"fmt"
	"iter"

	"playhead/internal/rollup"
	"playhead/internal/warehouse/layout"
)

// Cell is one finished cell that was made elsewhere than from facts.
type Cell struct {
	Bucket   int64 // start of the source's bucket, epoch ms
	Face     rollup.Face
	Keys     []string // of the face's dimensions
	Measures rollup.Measures
	Sketches []Image
}

// Image is a serialised sketch and the estimate that stands beside it. Without
// bytes the estimate stands alone: it prunes, and answers for its cell.
type Image struct {
	Kind     rollup.Sketch
	Bytes    []byte
	Estimate float64
}

// LoadCells appends finished cells to a source in one transaction, in their order:
// give them as Maintain leaves them, by bucket, face and keys. A cell is only read
// during its turn.
func (db *DB) LoadCells(ctx context.Context, source rollup.Source, cells iter.Seq[*Cell]) error {
	err := db.step(ctx, func(s session) error {
		a, err := newCellAppender(s, source, layout.TableOf(source))
		if err != nil {
			return err
		}
		for c := range cells {
			if err = a.cell(c); err != nil {
				break
			}
		}
		return a.close(err)
	})
	if err != nil {
		return fmt.Errorf("load cells into %s: %w", layout.TableOf(source), err)
	}
	return db.read(ctx, db.findFirst)
}

func (a *cellAppender) cell(c *Cell) error {
	a.begin(c.Bucket, finalTier, uint8(c.Face), c.Keys)
	a.addMeasures(&c.Measures)
	for _, k := range a.sketches {
		var image []byte
		estimate := 0.0
		for i := range c.Sketches {
			if x := &c.Sketches[i]; x.Kind == k && x.Estimate > 0 {
				image, estimate = x.Bytes, x.Estimate
			}
		}
		if len(image) == 0 {
			a.null()
		} else {
			a.blob(image)
		}
		if estimate == 0 {
			a.null()
		} else {
			a.float64(estimate)
		}
	}
	return a.next()
}

// DayCurve is the retention curve of a title on a day, on one kind of device.
type DayCurve struct {
	Day           int64
	Title, Device string
	Curve         *rollup.Curve
}

// LoadCurves appends retention curves in one transaction, in their order.
func (db *DB) LoadCurves(ctx context.Context, curves iter.Seq[*DayCurve]) error {
	return db.loadCurves(ctx, curveDays, curves)
}

// LoadMonths appends the sums of months that are over, and says that they hold all
// days up to upTo (epoch ms), as Maintain leaves them.
func (db *DB) LoadMonths(ctx context.Context, upTo int64, curves iter.Seq[*DayCurve]) error {
	if err := db.loadCurves(ctx, curveMonths, curves); err != nil {
		return err
	}
	return db.step(ctx, func(s session) error { return s.setMonthsUpTo(upTo) })
}

func (db *DB) loadCurves(ctx context.Context, table string, curves iter.Seq[*DayCurve]) error {
	err := db.step(ctx, func(s session) error {
		return s.appendRows(table, nil, func(w *rowWriter) error {
			for c := range curves {
				if err := w.curve(c.Day, c.Title, c.Device, c.Curve); err != nil {
					return err
				}
			}
			return nil
		})
	})
	if err != nil {
		return fmt.Errorf("load retention curves: %w", err)
	}
	return nil
}

// LoadDone notes what goes with loaded cells: the values of dimensions, and up to
// when (epoch ms) each coarser source holds what is in finer ones.
func (db *DB) LoadDone(ctx context.Context, values map[rollup.Dimension][]string, upTo int64) error {
	err := db.step(ctx, func(s session) error {
		if err := s.exec("DELETE FROM rolled"); err != nil {
			return err
		}
		for _, source := range layout.CellSources() {
			if _, ok := layout.FinerOf(source); !ok {
				continue
			}
			end, _ := db.days.Bucket(source, upTo) // the bucket under way is in the finer source
			if source == rollup.SourceCreativeAll {
				end = upTo
			}
			for _, face := range source.Faces() {
				if err := s.exec(fmt.Sprintf("INSERT INTO rolled VALUES (%d, %d, %d)", source, face, end)); err != nil {
					return err
				}
			}
		}
		return s.appendRows("dim_values", nil, func(w *rowWriter) error {
			for d, list := range values {
				for _, v := range list {
					w.uint8(uint8(d))
					w.string(v)
					if err := w.next(); err != nil {
						return err
					}
				}
			}
			return nil
		})
	})
	if err != nil {
		return fmt.Errorf("finish loading: %w", err)
	}
	return nil
}
