package collect

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

func openBook(t *testing.T, path string) *ImportBook {
	t.Helper()
	b, err := OpenImportBook(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func number(t *testing.T, b *ImportBook, name string) uint32 {
	t.Helper()
	n, err := b.Number(name)
	if err != nil || n>>31 == 0 {
		t.Fatalf("%s: %d %v", name, n, err)
	}
	return n
}

// Imports whose names fall on one number get two, and keep them.
func TestImportsAreNeverTakenForOne(t *testing.T) {
	path := filepath.Join(t.TempDir(), "imports")
	b := openBook(t, path)
	names := make([]string, 40)
	for i := range names {
		names[i] = fmt.Sprintf("%064x", i+1)
	}
	// The number of the last one is given out before its turn, with its neighbour.
	meant := firstNumber(names[39])
	b.taken[meant], b.taken[1<<31|(meant+1)] = struct{}{}, struct{}{}
	got, seen := map[string]uint32{}, map[uint32]bool{}
	var mu sync.Mutex
	var wg sync.WaitGroup
	for _, name := range names {
		wg.Go(func() {
			n := number(t, b, strings.ToUpper(name))
			mu.Lock()
			defer mu.Unlock()
			got[name] = n
			if seen[n] {
				t.Errorf("%d is of two imports", n)
			}
			seen[n] = true
		})
	}
	wg.Wait()
	if got[names[39]] != 1<<31|(meant+2) {
		t.Errorf("the next free number is %d, want %d", got[names[39]], 1<<31|(meant+2))
	}
	again := openBook(t, path)
	for name, n := range got {
		if number(t, again, name) != n {
			t.Errorf("%s was %d and is %d", name, n, number(t, again, name))
		}
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v %v", info, err)
	}
}

func TestTornBook(t *testing.T) {
	path := filepath.Join(t.TempDir(), "imports")
	first := number(t, openBook(t, path), "0123456789abcdef")
	f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteString("22222222 0123"); err != nil {
		t.Fatal(err)
	}
	f.Close()
	b := openBook(t, path)
	second := number(t, b, "fedcba9876543210")
	if b = openBook(t, path); number(t, b, "0123456789abcdef") != first || number(t, b, "fedcba9876543210") != second {
		t.Error("a line that was cut off cost another")
	}
	for _, text := range []string{"x\n", "12 0123456789abcdef\n", "2147483648 nothing\n", "99999999999 0123456789abcdef\n"} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := OpenImportBook(path); err == nil {
			t.Errorf("%q is a book", text)
		}
	}
}

func TestFullOrBrokenBook(t *testing.T) {
	b := openBook(t, filepath.Join(t.TempDir(), "nowhere", "imports"))
	if _, err := b.Number("0123456789abcdef"); err == nil || len(b.number) != 0 {
		t.Errorf("a number that is written nowhere: %v", err)
	}
	full := openBook(t, "")
	full.limit = 1
	number(t, full, "fedcba9876543210")
	if _, err := full.Number("0123456789abcdef"); !errors.Is(err, errManyImports) {
		t.Errorf("%v", err)
	}
}
