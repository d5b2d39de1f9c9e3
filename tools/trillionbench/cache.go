package main

import (
	"os"

	"golang.org/x/sys/unix"
)

// fadviseDontNeed asks the operating system to forget what it holds of a file.
func fadviseDontNeed(f *os.File) error {
	return unix.Fadvise(int(f.Fd()), 0, 0, unix.FADV_DONTNEED)
}
