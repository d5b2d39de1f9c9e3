package fact

import "hash/maphash"

// What a batch of few texts needs no memory of its own for.
const (
	fewTexts = 64 // with repeats
	fewHeads = 64 // a power of two
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
}

// textsIn is how many texts the batch has, repeats and empty ones too.
func textsIn(b *Batch) int {
	return dimsTexts*len(b.Dims) + 3*len(b.Slots) + len(b.Tastes) + 2*len(b.Plays) + len(b.Searches)
}

// find takes over every text of b, in the order in which they are stored.
func (t *texts) find(b *Batch) {
	t.seed = maphash.MakeSeed()
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
