// Package audit keeps who looked what up about a single viewer: one line of JSON
// an entry, appended and synced before the answer is given, never changed.
//
// It must not know what was looked up beyond the pseudonym: no raw id may reach it.
package audit
