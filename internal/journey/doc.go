// Package journey is what a viewer does across plays: impressions and what
// became of them, selects, sessions, searches, what is seen of a title in all
// plays together, what the viewer likes. Events and the changes of plays go in,
// in any order within the reorder horizon; facts come out that do not depend on
// order, duplication, batch cuts or restarts. Definitions:
// docs/journeys.md.
//
// How: what can be taken back (a counted impression, a select, a new viewer, the
// impression of a play's row) is said at once and taken back when something
// earlier arrives. What cannot (an attribution, a session, a search, a starter)
// waits until nothing can precede it any more: by the viewer's own times, or,
// for silent viewers, by the log's.
//
// A viewer's state is in two pieces, so that a heartbeat touches few bytes, and
// on disk while the viewer is away. It is pure: time comes in as a value, state
// goes out as bytes. It must not know a log, a clock, a file or a network, nor
// what a play is made of.
package journey
