// Package cluster starts a real Kafka for tests: three brokers in KRaft mode, of the
// jars that tools/kafka.sh brings, which can be killed and are stopped with the test.
//
// It must not know how Playhead uses Kafka.
package cluster
