package collect

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"sync"

	"github.com/cespare/xxhash/v2"
)

// maxImports bounds the imports that a book remembers, each of which takes some
// hundred bytes of memory.
const maxImports = 1 << 20

// errManyImports: the book is full.
var errManyImports = errors.New("this installation remembers as many imports as it can")

// ImportBook gives each import, which has a name of up to 256 bits, a number of
// its own in events, which have room for 31. What was given once stays, so that
// two imports are never taken for one, however many there are. It may be used
// from many goroutines; a file has one book.
type ImportBook struct {
	mu     sync.Mutex
	path   string // "" for a book that forgets
	limit  int
	number map[string]uint32
	taken  map[uint32]struct{}
}

// OpenImportBook reads the book in a file, which need not be there. A book of no
// file ("") forgets with the process. Errors: fs errors, a file that is no book.
func OpenImportBook(path string) (*ImportBook, error) {
	b := &ImportBook{path: path, limit: maxImports, number: map[string]uint32{}, taken: map[uint32]struct{}{}}
	if path == "" {
		return b, nil
	}
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return b, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the book of imports: %w", err)
	}
	whole := strings.LastIndexByte(string(data), '\n') + 1
	if whole < len(data) { // cut off by a crash: what it was for was not used yet
		if err := os.Truncate(path, int64(whole)); err != nil {
			return nil, fmt.Errorf("mend the book of imports: %w", err)
		}
	}
	lines := bufio.NewScanner(strings.NewReader(string(data[:whole])))
	for n := 1; lines.Scan(); n++ {
		number, name, ok := strings.Cut(lines.Text(), " ")
		value, err := strconv.ParseUint(number, 10, 32)
		if !ok || err != nil || value>>31 == 0 || !isHash(name) {
			return nil, fmt.Errorf("the book of imports %s is damaged in line %d; restore it from a backup, or remove it if no import will be repeated", path, n)
		}
		b.number[name], b.taken[uint32(value)] = uint32(value), struct{}{}
	}
	return b, nil
}

// Number is the import's number, whose upper bit is set; the first call for a
// name makes it, durably. Errors: fs errors, a full book.
func (b *ImportBook) Number(name string) (uint32, error) {
	name = strings.ToLower(name)
	b.mu.Lock()
	defer b.mu.Unlock()
	if n, ok := b.number[name]; ok {
		return n, nil
	}
	if len(b.number) >= b.limit {
		return 0, errManyImports
	}
	n := firstNumber(name)
	for {
		if _, taken := b.taken[n]; !taken {
			break
		}
		n = 1<<31 | (n + 1)
	}
	if err := b.write(n, name); err != nil {
		return 0, fmt.Errorf("write the book of imports: %w", err)
	}
	b.number[name], b.taken[n] = n, struct{}{}
	return n, nil
}

// firstNumber is the number of the first import that gets it. Imports that were
// made before there was a book have it.
func firstNumber(name string) uint32 {
	return 1<<31 | uint32(xxhash.Sum64String("import\x00"+name))
}

func (b *ImportBook) write(n uint32, name string) (err error) {
	if b.path == "" {
		return nil
	}
	f, err := os.OpenFile(b.path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if _, err = fmt.Fprintf(f, "%d %s\n", n, name); err == nil {
		err = f.Sync()
	}
	if err != nil {
		return errors.Join(err, f.Truncate(info.Size())) // no half line before the next
	}
	return nil
}
