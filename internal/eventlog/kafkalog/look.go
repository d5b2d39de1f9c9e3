package kafkalog

import (
	"context"
	"fmt"
	"strings"

	"github.com/twmb/franz-go/pkg/kadm"
)

// Found is what is in a cluster before anything was made there.
type Found struct {
	Brokers int
	// Topics that begin with the prefix, with how many partitions each has.
	Topics map[string]int
}

// Look says what there is, and makes nothing.
func Look(ctx context.Context, o Options) (f Found, err error) {
	o = o.withDefaults()
	client, err := o.client()
	if err != nil {
		return f, fmt.Errorf("reach Kafka: %w", err)
	}
	defer client.Close()
	ctx, cancel := context.WithTimeout(ctx, openWithin)
	defer cancel()
	admin := kadm.NewClient(client)
	brokers, err := admin.ListBrokers(ctx)
	if err != nil {
		return f, fmt.Errorf("ask Kafka at %s for its brokers: %w", strings.Join(o.Brokers, ", "), err)
	}
	topics, err := admin.ListTopics(ctx)
	if err != nil {
		return f, fmt.Errorf("ask Kafka at %s for its topics: %w", strings.Join(o.Brokers, ", "), err)
	}
	f.Brokers, f.Topics = len(brokers), map[string]int{}
	for name, t := range topics {
		if strings.HasPrefix(name, o.Prefix) {
			f.Topics[name] = len(t.Partitions)
		}
	}
	return f, nil
}
