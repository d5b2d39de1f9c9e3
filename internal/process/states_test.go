package process

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"

	"playhead/internal/eventlog"
)

// An epoch that writes much does so in pieces of whole partitions, in their order.
func TestInPieces(t *testing.T) {
	tx := func(partition int32, bytes int) eventlog.Transaction {
		return eventlog.Transaction{Partition: partition, State: []eventlog.KV{{Key: make([]byte, 1), Value: make([]byte, bytes-1)}}}
	}
	const pieceBytes = 1000
	txs := []eventlog.Transaction{tx(0, 100), tx(1, pieceBytes-100), tx(2, 1), tx(3, 3*pieceBytes), tx(4, 7), tx(5, 7)}
	var got []string
	for piece := range inPieces(txs, pieceBytes) {
		var s string
		for i := range piece {
			s += fmt.Sprint(piece[i].Partition)
		}
		got = append(got, s)
	}
	if fmt.Sprint(got) != "[01 2 3 45]" {
		t.Errorf("the pieces are %v", got)
	}
}

func TestStatesKeepWhatTheyWereGiven(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 4))
	var s states
	for range 20 {
		s.reset()
		var got, want [][]byte
		for range r.IntN(20_000) {
			data := bytes.Repeat([]byte{byte(r.IntN(256))}, r.IntN(60)*r.IntN(2))
			if r.IntN(2000) == 0 {
				data = bytes.Repeat([]byte{7}, stateBlock+r.IntN(stateBlock))
			}
			got, want = append(got, s.copy(data), s.key(9, data)), append(want, data, append([]byte{9}, data...))
		}
		for i := range got {
			if !bytes.Equal(got[i], want[i]) || got[i] == nil {
				t.Fatalf("%d: %x became %x", i, want[i], got[i])
			}
		}
		if s.reset(); len(s.blocks)*stateBlock > stateRoom {
			t.Fatalf("%d blocks are held", len(s.blocks))
		}
	}
	data := []byte("a state")
	s.reset()
	if n := testing.AllocsPerRun(100, func() { s.reset(); s.key(1, data); s.copy(data) }); n > 0 {
		t.Errorf("%v allocations a state", n)
	}
}
