package kafkalog

import (
	"context"
	"crypto/tls"
	"log/slog"
	"strconv"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/sasl"
)

// Options say where the log is and how this process takes part in it.
type Options struct {
	// Brokers to begin with, HOST:PORT.
	Brokers []string
	// Prefix of the names of topics, group and transactional ids; "" is "playhead.".
	Prefix string
	// Partitions of the topics when they are made; 0 takes what is there, or
	// DefaultPartitions. Topics that are there must have as many.
	Partitions int32
	// Replication of topics that are made; 0 is 3, or as many brokers as there are.
	Replication int16
	// Retain is for how long topics that are made keep events and facts; 0 is
	// DefaultRetain.
	Retain time.Duration
	// Dir is the folder of the copy of the state; "" for a process that claims no
	// partition.
	Dir string
	// Member names this process in the consumer group for good (static membership):
	// after a restart it has its partitions again without a rebalance. Two processes
	// must not have the same. "" is a new member each time.
	Member string
	// SessionTimeout is how long a processor may be silent before its partitions are
	// given to others; 0 is 6 s, the least that brokers take by default.
	SessionTimeout time.Duration
	// TLS encrypts connections; nil leaves them plain.
	TLS *tls.Config
	// SASL says who this is; nil says nothing.
	SASL sasl.Mechanism
	// Logger gets what goes wrong and is tried again, and at debug level what the
	// client says; nil discards it.
	Logger *slog.Logger
}

// Defaults of Options.
const (
	DefaultPrefix           = "playhead."
	DefaultPartitions int32 = 4
	DefaultRetain           = 72 * time.Hour

	defaultReplication    int16 = 3
	defaultSessionTimeout       = 6 * time.Second
)

const (
	// maxRecord is the largest record, bytes: a batch of facts of one epoch.
	maxRecord = 16 << 20
	// deliverWithin bounds an append that finds no broker.
	deliverWithin = 30 * time.Second
	// transactionTimeout is when Kafka gives up a transaction whose owner is gone, if
	// nobody claims its partition before.
	transactionTimeout = 30 * time.Second
	// produceLinger lets the records of a call, and of calls beside it, share a batch.
	produceLinger = 2 * time.Millisecond
)

func (o Options) withDefaults() Options {
	if o.Prefix == "" {
		o.Prefix = DefaultPrefix
	}
	if o.Retain <= 0 {
		o.Retain = DefaultRetain
	}
	if o.SessionTimeout <= 0 {
		o.SessionTimeout = defaultSessionTimeout
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return o
}

// group is the consumer group of the processors.
func (o *Options) group() string { return o.Prefix + "processors" }

// transactionalID is who commits in a partition.
func (o *Options) transactionalID(partition int32) string {
	return o.group() + "-" + strconv.Itoa(int(partition))
}

// client makes a client of the cluster.
func (o *Options) client(more ...kgo.Opt) (*kgo.Client, error) {
	opts := []kgo.Opt{
		kgo.SeedBrokers(o.Brokers...), kgo.ClientID("playhead"), kgo.WithLogger(clientLogger{o.Logger}),
		kgo.MetadataMinAge(100 * time.Millisecond), kgo.RetryTimeout(10 * time.Second), kgo.DialTimeout(5 * time.Second),
		kgo.DisableClientMetrics(),
	}
	if o.TLS != nil {
		opts = append(opts, kgo.DialTLSConfig(o.TLS))
	}
	if o.SASL != nil {
		opts = append(opts, kgo.SASL(o.SASL))
	}
	return kgo.NewClient(append(opts, more...)...)
}

// producing are the options of clients that write.
func producing(more ...kgo.Opt) []kgo.Opt {
	return append([]kgo.Opt{
		kgo.RecordPartitioner(kgo.ManualPartitioner()), kgo.RequiredAcks(kgo.AllISRAcks()),
		kgo.ProducerBatchMaxBytes(maxRecord), kgo.MaxBufferedRecords(1 << 20), kgo.MaxBufferedBytes(128 << 20),
		kgo.ProducerBatchCompression(kgo.SnappyCompression()), kgo.RecordDeliveryTimeout(deliverWithin),
	}, more...)
}

// clientLogger hands what the client says to slog. What it calls a warning it deals
// with itself.
type clientLogger struct{ log *slog.Logger }

func (c clientLogger) Level() kgo.LogLevel {
	if c.log.Enabled(context.Background(), slog.LevelDebug) {
		return kgo.LogLevelInfo
	}
	return kgo.LogLevelNone
}

func (c clientLogger) Log(_ kgo.LogLevel, msg string, keyvals ...any) {
	c.log.Debug("kafka client: "+msg, keyvals...)
}
