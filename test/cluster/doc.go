// Package cluster starts a real Kafka for tests: three brokers in KRaft mode, of the
// jars that tools/kafka.sh brings, which can be killed, hung and are stopped with the
// test; and Playheads on it, of the built binary, that can be too.
//
// It must not know how Playhead uses Kafka.
package cluster
