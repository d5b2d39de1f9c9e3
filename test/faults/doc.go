// Package faults lets the built binary run into what happens to disks: full to
// the last byte, a warehouse that cannot write, and then asks whether it stayed
// up, said the truth, went on by itself, and whether every figure is right. Run it
// by `make test ONLY="build faults"`, as root: each disk is a small file system of
// its own.
//
// It must not import any package of the project: it knows what a user knows.
package faults
