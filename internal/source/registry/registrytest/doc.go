// Package registrytest is a schema registry for tests: what clients of Confluent's
// ask of it, over real HTTP, in memory.
//
// It must not be part of a server: it keeps nothing and checks no compatibility.
package registrytest
