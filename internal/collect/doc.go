// Package collect is the HTTP intake: it knows write keys, limits, CORS and the
// wire formats, turns what clients send into canonical events without raw ids,
// and acknowledges only what the log has made durable.
//
// It must not keep a raw viewer id or an IP address beyond the request, nor
// know what events mean for a play.
package collect
