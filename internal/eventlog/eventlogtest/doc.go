// Package eventlogtest is the conformance suite of the port eventlog.Log: one
// body of named behaviours that every driver passes.
//
// It must not know any driver.
package eventlogtest
