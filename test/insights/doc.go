// Package insights sends simulated worlds whose truth is known through a real
// server, and asks the insight endpoints for it: what was planted must be found,
// and where nothing was planted nothing may raise an alarm. It needs the built
// binary; it must not import the server's packages, which it judges.
package insights
