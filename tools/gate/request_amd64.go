package main

// request asks valgrind for something; without valgrind it does nothing and is 0.
//
//go:noescape
func request(args *[6]uint64) uint64
