//go:build race

package segment

// raced: the race detector makes pools forget at random, so that memory says
// nothing about the decoder.
const raced = true
