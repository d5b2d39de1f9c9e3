package segment

import (
	"os"
	"testing"

	"playhead/internal/collect/wire"
)

func BenchmarkDecode(b *testing.B) {
	body, err := os.ReadFile("testdata/analytics-node.json")
	if err != nil {
		b.Fatal(err)
	}
	d, n := NewDecoder(), 0
	b.ReportAllocs()
	b.SetBytes(int64(len(body)))
	for b.Loop() {
		if err := d.Decode(body, Options{}, func(*wire.Item) { n++ }); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "events/s")
}
