// Package warehousetest is the conformance suite of port Warehouse, with an
// invented world of facts, answers by brute force, and the reference driver.
//
// It is for tests only.
package warehousetest
