package app

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"playhead/internal/event"
	"playhead/internal/eventlog"
	"playhead/internal/fact"
	"playhead/internal/source/registry"
)

// forms are how records are written into the log; all forms are read.
type forms struct {
	events event.Form
	facts  fact.Form
}

// registryVariable may hold the password for the schema registry.
const registryVariable = "PLAYHEAD_KAFKA_REGISTRY_SECRET"

// registerWithin bounds how long a start waits for a schema registry.
const registerWithin = 30 * time.Second

// kafkaForms are the forms of a log on Kafka. A registry that is named has both
// schemas afterwards, under the names by which its clients look for them. Errors:
// ErrSettings.
func (s *Settings) kafkaForms(ctx context.Context) (forms, error) {
	if s.KafkaFormat == "compact" {
		return forms{}, nil
	}
	if s.KafkaRegistry == "" {
		return forms{event.Avro(), fact.Avro()}, nil
	}
	o := registry.Options{URL: s.KafkaRegistry, User: s.KafkaRegistryUser, Password: s.registrySecret}
	if s.KafkaRegistryUser != "" {
		if _, err := s.registrySecret(); err != nil {
			return forms{}, fmt.Errorf("%w: %w", ErrSettings, err)
		}
	}
	if s.KafkaRegistryCA != "" {
		pool, err := certificates("kafka-registry-ca", s.KafkaRegistryCA)
		if err != nil {
			return forms{}, fmt.Errorf("%w: %w", ErrSettings, err)
		}
		o.TLS = &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: pool}
	}
	c := registry.New(o)
	defer c.Close()
	waiting, cancel := context.WithTimeout(ctx, registerWithin)
	defer cancel()
	ofEvents, err := register(waiting, c, s.KafkaPrefix+string(eventlog.Events), event.Schema)
	if err != nil {
		return forms{}, err
	}
	ofFacts, err := register(waiting, c, s.KafkaPrefix+string(eventlog.Facts), fact.Schema)
	return forms{event.Numbered(ofEvents), fact.Numbered(ofFacts)}, err
}

// register has a registry know the schema of a topic's values, as Confluent's
// TopicNameStrategy names it. A registry that is starting is waited for.
func register(ctx context.Context, c *registry.Client, topic, schema string) (uint32, error) {
	for wait := 100 * time.Millisecond; ; wait = min(2*wait, 2*time.Second) {
		id, err := c.Register(ctx, topic+"-value", schema)
		if err == nil {
			return uint32(id), nil
		}
		if errors.Is(err, registry.ErrRefused) {
			return 0, fmt.Errorf("%w: kafka-registry: the schema of %s: %w", ErrSettings, topic, err)
		}
		select {
		case <-ctx.Done():
			return 0, fmt.Errorf("register the schema of %s: %w", topic, err)
		case <-time.After(wait):
		}
	}
}

func (s *Settings) registrySecret() (string, error) {
	if text := os.Getenv(registryVariable); text != "" {
		return text, nil
	}
	if s.KafkaRegistrySecretFile == "" {
		return "", fmt.Errorf("kafka-registry-secret-file: %s needs a password; name a file that holds it, or set %s", s.KafkaRegistryUser, registryVariable)
	}
	data, err := os.ReadFile(s.KafkaRegistrySecretFile)
	if err != nil {
		return "", fmt.Errorf("kafka-registry-secret-file: %w", err)
	}
	return strings.TrimSpace(string(data)), nil
}
