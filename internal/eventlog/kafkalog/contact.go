package kafkalog

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
)

const (
	// contactWithin is for how long a start waits for brokers that may be starting too.
	contactWithin = 15 * time.Second
	// askWithin bounds one question of the first contact: a broker may take a
	// connection and say nothing.
	askWithin = 5 * time.Second
)

// contact waits until enough brokers answer, since all of an installation may be
// started at once. What no waiting mends is an error at once.
func (o *Options) contact(ctx context.Context, client *kgo.Client) error {
	within, cancel := context.WithTimeout(ctx, contactWithin)
	defer cancel()
	names, need := strings.Join(o.Brokers, ", "), max(1, int(o.Replication))
	var last error
	const first = 100 * time.Millisecond // one of several that does not answer is not worth a line
	for wait, told := first, false; ; wait = min(2*wait, time.Second) {
		asking, stop := context.WithTimeout(within, askWithin)
		brokers, err := kadm.NewClient(client).ListBrokers(asking)
		stop()
		switch {
		case err == nil && len(brokers) >= need:
			if told {
				o.Logger.Info("Kafka answers", "brokers", len(brokers))
			}
			return nil
		case err == nil:
			last = fmt.Errorf("kafka-replication is %d and there are %d brokers", need, len(brokers))
		case within.Err() == nil || last == nil: // not that our own time is up
			last = err
		}
		if mend, never := advice(last); never {
			return fmt.Errorf("connect to Kafka at %s: %w: %s", names, last, mend)
		}
		if !told && wait > first && within.Err() == nil {
			told = true
			o.Logger.Warn("Kafka does not answer yet: it may be starting; trying again", "brokers", names, "for", contactWithin, "error", last)
		}
		select {
		case <-within.Done():
		case <-time.After(wait):
			continue
		}
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("connect to Kafka at %s: %w", names, errors.Join(err, last))
		}
		mend, _ := advice(last)
		return fmt.Errorf("connect to Kafka at %s: tried for %s: %w: %s", names, contactWithin, last, mend)
	}
}

// advice is how to mend what keeps a process from Kafka; never is true of what stays
// as it is however often one tries.
func advice(err error) (mend string, never bool) {
	var (
		unknown  x509.UnknownAuthorityError
		invalid  x509.CertificateInvalidError
		hostname x509.HostnameError
		header   tls.RecordHeaderError
		first    *kgo.ErrFirstReadEOF
	)
	text := err.Error()
	switch {
	case errors.As(err, &unknown):
		return "kafka-ca must name the certificate of the authority that signed the brokers' own", true
	case errors.As(err, &hostname):
		return "name the brokers in kafka as their certificates do", true
	case errors.As(err, &invalid):
		return "the brokers' certificate is not good: renew it, or look at this machine's clock", true
	case strings.Contains(text, "remote error: tls: "): // an alert of TLS, which has no type to ask for
		return "the brokers refuse this process's certificate: kafka-cert and kafka-key must name one that is signed by an authority they trust", true
	case errors.As(err, &header), strings.Contains(text, "does not look like a TLS handshake"):
		return "the port does not speak TLS: name the port that does, or set kafka-tls to off", true
	case strings.Contains(text, "tls alert record"):
		return "the port speaks TLS: set kafka-tls to on, or name a port without it", true
	case errors.Is(err, kerr.SaslAuthenticationFailed):
		return "kafka-user or the password is wrong: look at kafka-user and kafka-secret-file", true
	case errors.Is(err, kerr.UnsupportedSaslMechanism), strings.Contains(text, "supported mechanisms"):
		return "the port takes another way to sign in: set kafka-sasl to one of those it supports", true
	case errors.Is(err, kerr.IllegalSaslState):
		return "the port has no sign-in: set kafka-sasl to off, or name the port that has one", true
	case errors.Is(err, kerr.ClusterAuthorizationFailed):
		return "kafka-user lacks rights: docs/kafka.md lists those it needs", true
	case errors.As(err, &first):
		return "the broker hung up at once: does the port want TLS (kafka-tls) or a sign-in (kafka-sasl)?", false
	case errors.Is(err, context.DeadlineExceeded):
		return "it takes connections and says nothing: does the port want TLS (kafka-tls)? Else look at the brokers' own log", false
	case strings.Contains(text, "kafka-replication"):
		return "start the others, or set kafka-replication to what there is", false
	}
	return "are the brokers running, and is kafka the address that they are reached at from here?", false
}
