package duck

/*
#include <stdlib.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif

// The C library would keep what it gets back in one of many heaps, eight a processor, each
// with holes of its own.
static void playhead_few_heaps(int most) {
#ifdef __GLIBC__
	mallopt(M_ARENA_MAX, most);
	// It would take the size of the largest piece that was ever given back, up to 32 MiB, for
	// what still belongs into a heap, and write buffers leave holes there.
	mallopt(M_MMAP_THRESHOLD, 1 << 20);
	mallopt(M_TRIM_THRESHOLD, 2 << 20);
#endif
}

// Blocks of DuckDB's are 256 KiB.
static void playhead_give_back(void) {
	playhead_few_heaps(2);
#ifdef __GLIBC__
	mallopt(M_MMAP_THRESHOLD, 128 * 1024);
#endif
}
*/
import "C"

// FewHeaps has the C library keep four heaps, for the whole process: blocks of Pebble's cache,
// which come and go on any thread, leave no holes in a dozen of them that grow for hours. It
// comes before the first Open. Pieces of a megabyte and more are the system's own, and go back
// to it at once.
func FewHeaps() { C.playhead_few_heaps(4) }

// GiveBack has what the engine frees go back to the system at once, for the whole
// process. It costs a little speed, and saves some 40 MiB at a limit of 64. It comes
// before the first Open.
func GiveBack() { C.playhead_give_back() }
