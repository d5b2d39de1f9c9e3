// Package segment decodes what clients of Segment's HTTP API send (Segment's
// own libraries, RudderStack's and others that speak it), with its Video spec
// (segment.com/docs/spec/video):
//
//   - a track of the Video spec becomes an event of the play that its
//     session_id names; see video.go for which event becomes which type;
//   - identify becomes identified, with the traits that name nobody;
//   - Experiment Viewed becomes exposed, Products Searched search;
//   - any other track, page, screen, group and alias becomes tracked: kept in
//     the lake and shown in the debugger, counted in no figure.
//
// It must not know keys, clocks or HTTP.
package segment
