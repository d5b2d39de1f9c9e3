// Package cluster runs Playhead on a real Kafka: three brokers in KRaft mode, of the
// jars that tools/kafka.sh brings, started and stopped by the test.
//
// It must not know how Playhead uses Kafka: it looks at what a stranger would see.
package cluster
