package app

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/sasl"
	"github.com/twmb/franz-go/pkg/sasl/oauth"
	"github.com/twmb/franz-go/pkg/sasl/plain"
	"github.com/twmb/franz-go/pkg/sasl/scram"

	"playhead/internal/eventlog"
	"playhead/internal/eventlog/kafkalog"
)

// kafkaVariable may hold the password, or the token, for Kafka.
const kafkaVariable = "PLAYHEAD_KAFKA_SECRET"

// stateFolder is the folder of the copy of the operator state on Kafka.
const stateFolder = "state"

// has reports whether the process has a role.
func (s *Settings) has(role string) bool {
	return slices.ContainsFunc(strings.Split(s.Roles, ","), func(r string) bool { return strings.TrimSpace(r) == role })
}

// onKafka reports whether the log is on Kafka.
func (s *Settings) onKafka() bool { return len(s.Kafka) > 0 }

// wrongOnKafka is what is wrong with roles and Kafka.
func (s *Settings) wrongOnKafka() (wrong []string) {
	roles := 0
	for _, role := range allRoles {
		if s.has(role) {
			roles++
		}
	}
	switch {
	case roles < len(allRoles) && !s.onKafka():
		wrong = append(wrong, "roles: a subset of roles needs Kafka: name its brokers with kafka, or leave roles out to run all four in one process")
	case s.has("load") != s.has("query") && s.Warehouse == embedded:
		wrong = append(wrong, "roles: load and query need each other: DuckDB's file belongs to one process; name a ClickHouse with warehouse to part them")
	}
	if s.KafkaReplication < 0 || s.KafkaReplication > 100 {
		wrong = append(wrong, fmt.Sprintf("kafka-replication: %d is not between 0 and 100", s.KafkaReplication))
	}
	if s.KafkaRetain < time.Hour {
		wrong = append(wrong, "kafka-retain: keep at least 1h; what is down for longer loses events")
	}
	if (s.KafkaCert == "") != (s.KafkaKey == "") {
		wrong = append(wrong, "kafka-cert, kafka-key: each needs the other")
	}
	if s.KafkaTLS == "off" && (s.KafkaCA != "" || s.KafkaCert != "") {
		wrong = append(wrong, "kafka-tls: certificates are named, but it is off; set it to on")
	}
	switch u, err := url.Parse(s.KafkaRegistry); {
	case s.KafkaRegistry == "":
		if s.KafkaRegistryUser != "" || s.KafkaRegistrySecretFile != "" || s.KafkaRegistryCA != "" {
			wrong = append(wrong, "kafka-registry: it is not named, but something of it is; name its url or leave the rest out")
		}
	case err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil:
		wrong = append(wrong, "kafka-registry: it is no url such as https://registry.example:8081; who signs in is kafka-registry-user")
	case !s.onKafka():
		wrong = append(wrong, "kafka-registry: only a log on Kafka has use for it: name brokers with kafka, or leave it out")
	case s.KafkaFormat != "avro":
		wrong = append(wrong, "kafka-registry: only Avro is registered: set kafka-format to avro, or leave it out")
	}
	if s.KafkaSASL != "off" && s.KafkaSASL != "oauthbearer" && s.KafkaUser == "" {
		wrong = append(wrong, "kafka-user: "+s.KafkaSASL+" needs one")
	}
	return wrong
}

// kafkaOptions are how the cluster is reached. Errors: ErrSettings.
func (e *engine) kafkaOptions() (o kafkalog.Options, err error) {
	s := &e.settings
	o = kafkalog.Options{
		Brokers: s.Kafka, Prefix: s.KafkaPrefix, Partitions: s.Partitions, Replication: int16(s.KafkaReplication), Retain: s.KafkaRetain,
		Member: s.KafkaMember, Logger: e.log,
	}
	if o.TLS, err = s.kafkaTLS(); err != nil {
		return o, fmt.Errorf("%w: %w", ErrSettings, err)
	}
	if o.SASL, err = s.kafkaSASL(); err != nil {
		return o, fmt.Errorf("%w: %w", ErrSettings, err)
	}
	return o, nil
}

// openKafka opens the log on Kafka. Errors: ErrSettings.
func (e *engine) openKafka(ctx context.Context) (*kafkalog.Log, error) {
	s := &e.settings
	o, err := e.kafkaOptions()
	if err != nil {
		return nil, err
	}
	if s.has("process") {
		o.Dir = filepath.Join(s.DataDir, stateFolder)
	}
	l, err := kafkalog.Open(ctx, o)
	if errors.Is(err, kafkalog.ErrTopic) {
		return nil, fmt.Errorf("%w: %w", ErrSettings, err)
	}
	if err != nil {
		return nil, inUse(s.DataDir, err)
	}
	return l, nil
}

func (s *Settings) kafkaTLS() (*tls.Config, error) {
	if s.KafkaTLS == "off" {
		return nil, nil
	}
	c := &tls.Config{MinVersion: tls.VersionTLS12}
	if s.KafkaCA != "" {
		var err error
		if c.RootCAs, err = certificates("kafka-ca", s.KafkaCA); err != nil {
			return nil, err
		}
	}
	if s.KafkaCert != "" {
		pair, err := tls.LoadX509KeyPair(s.KafkaCert, s.KafkaKey)
		if err != nil {
			return nil, fmt.Errorf("kafka-cert: %w", err)
		}
		c.Certificates = []tls.Certificate{pair}
	}
	return c, nil
}

// certificates are those of a file that a setting names.
func certificates(setting, path string) (*x509.CertPool, error) {
	pem, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", setting, err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("%s: %s holds no certificate (PEM)", setting, path)
	}
	return pool, nil
}

// kafkaSASL reads its secret each time that a connection is made: tokens and
// passwords may be replaced while the process runs.
func (s *Settings) kafkaSASL() (sasl.Mechanism, error) {
	if s.KafkaSASL == "off" {
		return nil, nil
	}
	if _, err := s.kafkaSecret(); err != nil {
		return nil, err
	}
	switch s.KafkaSASL {
	case "plain":
		return plain.Plain(func(context.Context) (plain.Auth, error) {
			secret, err := s.kafkaSecret()
			return plain.Auth{User: s.KafkaUser, Pass: secret}, err
		}), nil
	case "oauthbearer":
		return oauth.Oauth(func(context.Context) (oauth.Auth, error) {
			secret, err := s.kafkaSecret()
			return oauth.Auth{Token: secret}, err
		}), nil
	}
	auth := func(context.Context) (scram.Auth, error) {
		secret, err := s.kafkaSecret()
		return scram.Auth{User: s.KafkaUser, Pass: secret}, err
	}
	if s.KafkaSASL == "scram-sha-256" {
		return scram.Sha256(auth), nil
	}
	return scram.Sha512(auth), nil
}

func (s *Settings) kafkaSecret() (string, error) {
	if text := os.Getenv(kafkaVariable); text != "" {
		return text, nil
	}
	if s.KafkaSecretFile == "" {
		return "", fmt.Errorf("kafka-secret-file: %s needs a password or token; name a file that holds it, or set %s", s.KafkaSASL, kafkaVariable)
	}
	data, err := os.ReadFile(s.KafkaSecretFile)
	if err != nil {
		return "", fmt.Errorf("kafka-secret-file: %w", err)
	}
	return strings.TrimSpace(string(data)), nil
}

// retained is a log that others read, too: Kafka lets go of records by age, and
// nobody else does.
type retained struct{ eventlog.Log }

// Trim implements eventlog.Log.
func (retained) Trim(context.Context, eventlog.Topic, eventlog.Cursor) error { return nil }
