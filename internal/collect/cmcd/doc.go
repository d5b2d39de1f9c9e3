// Package cmcd reads CMCD version 2 event-mode reports (CTA-5004-A) as stock
// players send them: one report a line, each the members of an RFC 8941
// dictionary. It is tolerant: what it does not know it passes over, and a line
// that it cannot read never breaks its neighbours.
//
// It must not know keys, clocks or HTTP, and it keeps nothing from one report
// to the next: what a state means for a play is for the play engine.
package cmcd
