package fact

// smallRoom is the room of a list that is not worth giving back, elements.
const smallRoom = 1024

// Shrink returns the list, or nil if it uses less than an eighth of much room:
// what a burst has taken is not to be held for ever. What is in the list is lost
// then: it is for lists that are about to be emptied.
func Shrink[T any](list []T) []T {
	if cap(list) > smallRoom && len(list) < cap(list)/8 {
		return nil
	}
	return list
}

// Shrink lets go of the lists that use little of their room. It is followed by
// Reset.
func (b *Batch) Shrink() {
	b.Dims, b.Slots, b.Tastes = Shrink(b.Dims), Shrink(b.Slots), Shrink(b.Tastes)
	b.Spans, b.Marks, b.Plays = Shrink(b.Spans), Shrink(b.Marks), Shrink(b.Plays)
	b.Exposures, b.Sessions, b.Searches = Shrink(b.Exposures), Shrink(b.Sessions), Shrink(b.Searches)
	b.Repeats = Shrink(b.Repeats)
}
