package sketch_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/apache/datasketches-go/hll"
	"github.com/apache/datasketches-go/theta"

	"playhead/internal/sketch"
)

func hllImages(b *testing.B, n, count int, kind hll.TgtHllType) [][]byte {
	b.Helper()
	r := rand.New(rand.NewPCG(uint64(n), 1))
	images := make([][]byte, count)
	for i := range images {
		s, err := hll.NewHllSketch(sketch.LgK, kind)
		if err != nil {
			b.Fatal(err)
		}
		for range n {
			m := member(r)
			_ = s.UpdateSlice(m[:])
		}
		if images[i], err = s.ToCompactSlice(); err != nil {
			b.Fatal(err)
		}
	}
	return images
}

// BenchmarkUnion merges 64 images into an empty accumulator, ours and the
// library's way.
func BenchmarkUnion(b *testing.B) {
	for _, c := range []struct {
		n    int
		kind hll.TgtHllType
	}{{1, hll.TgtHllTypeHll8}, {5, hll.TgtHllTypeHll8}, {50, hll.TgtHllTypeHll8}, {300, hll.TgtHllTypeHll8}, {5000, hll.TgtHllTypeHll4}, {5000, hll.TgtHllTypeHll8}} {
		images := hllImages(b, c.n, 64, c.kind)
		b.Run(fmt.Sprintf("%d/%d/ours", c.n, c.kind), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				var acc sketch.HLL
				for _, image := range images {
					if err := acc.MergeBytes(image); err != nil {
						b.Fatal(err)
					}
				}
			}
		})
		b.Run(fmt.Sprintf("%d/%d/library", c.n, c.kind), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				u, _ := hll.NewUnion(sketch.LgK)
				for _, image := range images {
					s, err := hll.NewHllSketchFromSlice(image, true)
					if err != nil {
						b.Fatal(err)
					}
					if err := u.UpdateSketch(s); err != nil {
						b.Fatal(err)
					}
				}
			}
		})
	}
}

func BenchmarkUnionTheta(b *testing.B) {
	for _, n := range []int{5, 500, 5000, 100_000} {
		var images [][]byte
		for i := range 64 {
			_, s := thetaPair(b, n, uint64(i))
			images = append(images, encode(b, s, true, false))
		}
		b.Run(fmt.Sprintf("%d/ours", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				var acc sketch.Theta
				for _, image := range images {
					if err := acc.MergeBytes(image); err != nil {
						b.Fatal(err)
					}
				}
			}
		})
		b.Run(fmt.Sprintf("%d/library", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				u, _ := theta.NewUnion()
				for _, image := range images {
					d := theta.NewDecoder(theta.DefaultSeed)
					s, err := d.Decode(bytes.NewReader(image))
					if err != nil {
						b.Fatal(err)
					}
					if err := u.Update(s); err != nil {
						b.Fatal(err)
					}
				}
			}
		})
	}
}

func BenchmarkUnionKLL(b *testing.B) {
	for _, n := range []int{5, 150, 5000, 100_000} {
		var images [][]byte
		r := rand.New(rand.NewPCG(uint64(n), 1))
		for range 64 {
			var s sketch.KLL
			for range n {
				s.Add(r.Float64())
			}
			images = append(images, s.AppendBinary(nil))
		}
		b.Run(fmt.Sprintf("%d/ours", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				var acc sketch.KLL
				for _, image := range images {
					if err := acc.MergeBytes(image); err != nil {
						b.Fatal(err)
					}
				}
			}
		})
		b.Run(fmt.Sprintf("%d/library", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				u, err := readDouble(new(sketch.KLL).AppendBinary(nil))
				if err != nil {
					b.Fatal(err)
				}
				for _, image := range images {
					s, err := readDouble(image)
					if err != nil {
						b.Fatal(err)
					}
					u.Merge(s)
				}
			}
		})
	}
}
