// Package crash kills the built binary again and again while a client sends
// that does not give up, and then asks whether every figure is right. Run it by
// `make test-crash`; PLAYHEAD_KILLS says how often (12; 200 for the bar).
//
// It must not import any package of the project: it knows what a user knows.
package crash
