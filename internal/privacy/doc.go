// Package privacy turns the ids that clients send into keyed pseudonyms and
// keeps the key ring that they are derived from.
//
// It must never print, log or return the pseudonym secret or a raw id: a Ring
// shows only its fingerprint. It knows nothing of HTTP or of the log.
package privacy
