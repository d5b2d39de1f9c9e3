// Package app is where everything is wired: settings, the roles of one process,
// their start and their orderly stop. Nothing registers itself; whoever wants
// to know what runs reads this package.
//
// It must not hold logic of its own: what a room does is in that room.
package app
