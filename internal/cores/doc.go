// Package cores says how many goroutines of a server run at once. It must not
// know what they do.
package cores
