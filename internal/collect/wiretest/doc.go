// Package wiretest holds decoders to what any bytes may cost them, and to losing
// nothing that stands beside those bytes.
//
// It must not know any format.
package wiretest
