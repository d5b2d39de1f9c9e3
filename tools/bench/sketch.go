package main

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"time"

	"github.com/apache/datasketches-go/common"
	"github.com/apache/datasketches-go/hll"
	"github.com/apache/datasketches-go/kll"
	"github.com/apache/datasketches-go/theta"

	"playhead/internal/sketch"
	"playhead/tools/figures"
)

const (
	mergedImages = 64  // serialised sketches of one union
	mergeRounds  = 150 // of which the fastest counts
)

// mergeCase is one kind of image: merged our way and the library's, each into an
// accumulator that begins empty.
type mergeCase struct {
	name          string
	ours, library func() error
}

// measureSketch compares merges with the library's and counts how often the
// truth is outside the stated bounds.
func measureSketch(r *figures.Report) error {
	if _, err := slowest(r, "sketch.merge.sparse_%s.ratio", sparseCases); err != nil {
		return err
	}
	mixed, err := hllCase("mixed", manySizes, hll.TgtHllTypeHll8)
	if err != nil {
		return err
	}
	sparse, err := mixed.ratio()
	if err != nil {
		return fmt.Errorf("merge few coupons: %w", err)
	}
	dense, err := slowest(r, "sketch.merge.dense_%s.ratio", denseCases)
	if err != nil {
		return err
	}
	r.AtLeast("sketch.merge.sparse.ratio", sparse, "×", 10)
	r.AtLeast("sketch.merge.dense.ratio", dense, "×", 3)
	if _, err := slowest(r, "sketch.merge.%s.ratio", otherCases); err != nil {
		return err
	}
	return measureCalibration(r)
}

// slowest adds a figure for each case and returns the least of them.
func slowest(r *figures.Report, name string, cases func() ([]mergeCase, error)) (float64, error) {
	list, err := cases()
	if err != nil {
		return 0, err
	}
	least := math.Inf(1)
	for _, c := range list {
		ratio, err := c.ratio()
		if err != nil {
			return 0, fmt.Errorf("merge %s: %w", c.name, err)
		}
		r.Add(fmt.Sprintf(name, c.name), ratio, "×")
		least = min(least, ratio)
	}
	return least, nil
}

// ratio is the library's time over ours: the fastest rounds of each, taken in
// turn, so that what else the machine does falls on neither.
func (c mergeCase) ratio() (float64, error) {
	ours, library := time.Duration(math.MaxInt64), time.Duration(math.MaxInt64)
	for range mergeRounds {
		start := time.Now()
		err := c.ours()
		middle := time.Now()
		err = errors.Join(err, c.library())
		library = min(library, time.Since(middle))
		ours = min(ours, middle.Sub(start))
		if err != nil {
			return 0, err
		}
	}
	return float64(library) / float64(ours), nil
}

func sparseCases() (cases []mergeCase, err error) {
	for _, n := range []int{1, 3, 10, 30, 100, 300} {
		c, err := hllCase(fmt.Sprint(n), always(n), hll.TgtHllTypeHll8)
		if err != nil {
			return nil, err
		}
		cases = append(cases, c)
	}
	return cases, nil
}

func denseCases() (cases []mergeCase, err error) {
	kinds := map[string]hll.TgtHllType{"hll4": hll.TgtHllTypeHll4, "hll6": hll.TgtHllTypeHll6, "hll8": hll.TgtHllTypeHll8}
	for _, name := range []string{"hll4", "hll6", "hll8"} {
		for _, n := range []int{1000, 100_000} {
			c, err := hllCase(fmt.Sprintf("%s_%d", name, n), always(n), kinds[name])
			if err != nil {
				return nil, err
			}
			cases = append(cases, c)
		}
	}
	return cases, nil
}

// manySizes are those of sketches that keep coupons, evenly in the logarithm.
func manySizes(r *rand.Rand) int { return upTo(r, 383) }

func always(n int) func(*rand.Rand) int { return func(*rand.Rand) int { return n } }

// hllCase merges images that the library wrote, of as many members as size says.
func hllCase(name string, size func(*rand.Rand) int, kind hll.TgtHllType) (mergeCase, error) {
	images := make([][]byte, mergedImages)
	r := rand.New(rand.NewPCG(7, 1))
	for i := range images {
		s, err := hll.NewHllSketch(sketch.LgK, kind)
		if err != nil {
			return mergeCase{}, err
		}
		for range size(r) {
			m := member(r)
			if err := s.UpdateSlice(m[:]); err != nil {
				return mergeCase{}, err
			}
		}
		if images[i], err = s.ToCompactSlice(); err != nil {
			return mergeCase{}, err
		}
	}
	return mergeCase{name, func() error {
		var h sketch.HLL
		for _, image := range images {
			if err := h.MergeBytes(image); err != nil {
				return err
			}
		}
		return nil
	}, func() error {
		u, err := hll.NewUnion(sketch.LgK)
		if err != nil {
			return err
		}
		for _, image := range images {
			s, err := hll.NewHllSketchFromSlice(image, true)
			if err != nil {
				return err
			}
			if err := u.UpdateSketch(s); err != nil {
				return err
			}
		}
		return nil
	}}, nil
}

func member(r *rand.Rand) (m [16]byte) {
	binary.LittleEndian.PutUint64(m[:], r.Uint64())
	binary.LittleEndian.PutUint64(m[8:], r.Uint64())
	return m
}

func otherCases() (cases []mergeCase, err error) {
	for _, n := range []int{10, 1000, 100_000} {
		cases = append(cases, thetaCase(n))
	}
	for _, n := range []int{10, 1000, 100_000} {
		cases = append(cases, kllCase(n))
	}
	return cases, nil
}

func thetaCase(n int) mergeCase {
	images := make([][]byte, mergedImages)
	r := rand.New(rand.NewPCG(uint64(n), 2))
	for i := range images {
		var s sketch.Theta
		for range n {
			s.Add(member(r))
		}
		images[i] = s.AppendBinary(nil)
	}
	return mergeCase{fmt.Sprintf("theta_%d", n), func() error {
		var t sketch.Theta
		for _, image := range images {
			if err := t.MergeBytes(image); err != nil {
				return err
			}
		}
		return nil
	}, func() error {
		u, err := theta.NewUnion()
		if err != nil {
			return err
		}
		for _, image := range images {
			s, err := theta.Decode(image, theta.DefaultSeed)
			if err != nil {
				return err
			}
			if err := u.Update(s); err != nil {
				return err
			}
		}
		return nil
	}}
}

func kllCase(n int) mergeCase {
	images := make([][]byte, mergedImages)
	r := rand.New(rand.NewPCG(uint64(n), 3))
	for i := range images {
		var s sketch.KLL
		for range n {
			s.Add(r.ExpFloat64())
		}
		images[i] = s.AppendBinary(nil)
	}
	less, values := common.ItemSketchDoubleComparator(false), common.ItemSketchDoubleSerDe{}
	return mergeCase{fmt.Sprintf("kll_%d", n), func() error {
		var q sketch.KLL
		for _, image := range images {
			if err := q.MergeBytes(image); err != nil {
				return err
			}
		}
		return nil
	}, func() error {
		u, err := kll.NewKllItemsSketchWithDefault(less, values)
		if err != nil {
			return err
		}
		for _, image := range images {
			s, err := kll.NewKllItemsSketchFromSlice(image, less, values)
			if err != nil {
				return err
			}
			u.Merge(s)
		}
		return nil
	}}
}
