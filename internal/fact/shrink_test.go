package fact

import "testing"

func TestShrinkGivesBackWhatABurstTook(t *testing.T) {
	var b Batch
	b.Marks = make([]Mark, 100, 100_000)
	b.Spans = make([]Span, 50_000, 100_000)
	b.Repeats = make([]int64, 1, smallRoom)
	b.Shrink()
	b.Reset()
	if cap(b.Marks) != 0 || cap(b.Spans) != 100_000 || cap(b.Repeats) != smallRoom {
		t.Errorf("room for %d marks, %d spans, %d repeats", cap(b.Marks), cap(b.Spans), cap(b.Repeats))
	}
}
