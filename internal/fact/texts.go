package fact

import "hash/maphash"

// What a batch of few texts, such as that of one play, takes no second piece of memory for.
const (
	fewTexts    = 64 // with repeats: of a play with half a dozen sets of dims
	fewHeads    = 64 // a power of two
	fewDistinct = 16
)

// texts finds the distinct texts of a batch while it is written. What a text's
// index is, is found once: the texts come in the order in which they are stored.
type texts struct {
	distinct []string // in order of first use
	hashes   []uint32 // of each
	// heads holds indexes plus one at the places that the hashes say, or behind
	// them; 0 is free. Its length is a power of two, and half of it stays free.
	heads []uint32
	refs  []uint32 // the index plus one of each text; 0 is ""
	next  int      // how many of refs are written
	seed  maphash.Seed

	fewDistinct [fewDistinct]string
	fewHashes   [fewDistinct]uint32
	fewHeads    [fewHeads]uint32
	fewRefs     [fewTexts]uint32
}

// textsIn is how many texts the batch has, repeats and empty ones too.
func textsIn(b *Batch) int {
	return dimsTexts*len(b.Dims) + 3*len(b.Slots) + len(b.Tastes) + 2*len(b.Plays) + len(b.Searches)
}

// findTexts finds every text of b, in the order in which they are stored.
func findTexts(b *Batch) *texts {
	t := &texts{seed: maphash.MakeSeed()}
	t.distinct, t.hashes, t.heads, t.refs = t.fewDistinct[:0], t.fewHashes[:0], t.fewHeads[:], t.fewRefs[:0]
	if n := textsIn(b); n > len(t.fewRefs) {
		t.refs = make([]uint32, 0, n)
	}
	// A set's texts are often those of the set before it.
	var was Dims
	var refs [dimsTexts]uint32
	last := was.fields()
	for i := range b.Dims {
		for j, f := range b.Dims[i].fields() {
			if *f != *last[j] {
				refs[j], *last[j] = t.ref(*f), *f
			}
		}
		t.refs = append(t.refs, refs[:]...)
	}
	for i := range b.Slots {
		s := &b.Slots[i]
		t.refs = append(t.refs, t.ref(s.Creative), t.ref(s.Placement), t.ref(s.Experiments))
	}
	for _, s := range b.Tastes {
		t.refs = append(t.refs, t.ref(s))
	}
	for i := range b.Plays {
		t.refs = append(t.refs, t.ref(b.Plays[i].ErrorCode), t.ref(b.Plays[i].ErrorClass))
	}
	for i := range b.Searches {
		t.refs = append(t.refs, t.ref(b.Searches[i].Query))
	}
	return t
}

// ref is the text's index plus one, 0 of "".
func (t *texts) ref(s string) uint32 {
	if s == "" {
		return 0
	}
	hash := uint32(maphash.String(t.seed, s))
	mask := uint32(len(t.heads) - 1)
	at := hash & mask
	for ; t.heads[at] != 0; at = (at + 1) & mask {
		if i := t.heads[at]; t.hashes[i-1] == hash && t.distinct[i-1] == s {
			return i
		}
	}
	t.distinct, t.hashes = append(t.distinct, s), append(t.hashes, hash)
	t.heads[at] = uint32(len(t.distinct))
	if 2*len(t.distinct) > len(t.heads) {
		t.grow()
	}
	return uint32(len(t.distinct))
}

// grow doubles the heads.
func (t *texts) grow() {
	t.heads = make([]uint32, 2*len(t.heads))
	mask := uint32(len(t.heads) - 1)
	for i, hash := range t.hashes {
		at := hash & mask
		for t.heads[at] != 0 {
			at = (at + 1) & mask
		}
		t.heads[at] = uint32(i + 1)
	}
}

// one returns what is to be written for the next text.
func (t *texts) one() uint64 {
	t.next++
	return uint64(t.refs[t.next-1])
}
