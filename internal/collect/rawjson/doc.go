// Package rawjson walks JSON text without building a tree of it: what a
// decoder does not ask for costs nothing, and a hostile text costs no more
// memory than it has itself. It expects text that encoding/json finds valid.
//
// It must not know what the text is about.
package rawjson
