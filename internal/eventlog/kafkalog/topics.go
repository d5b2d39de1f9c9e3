package kafkalog

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"

	"playhead/internal/eventlog"
)

// ErrTopic: a topic is there with settings that the log cannot rely on.
var ErrTopic = errors.New("topic does not suit")

// stateTopic is the third topic, which only processors use.
const stateTopic eventlog.Topic = "state"

// tombstones stay in the state topic for so long; a copy of the state that is older
// than half of that is made anew, since it may have missed some.
const tombstones = 7 * 24 * time.Hour

// topicSettings are what a topic is made with. fixed of them are what the log
// relies on: a topic that is there must have them.
func (o *Options) topicSettings(topic eventlog.Topic, replication int16) (all map[string]string, fixed []string) {
	all = map[string]string{
		"cleanup.policy":                 "delete",
		"retention.ms":                   strconv.FormatInt(o.Retain.Milliseconds(), 10),
		"retention.bytes":                "-1",
		"message.timestamp.type":         "LogAppendTime",
		"max.message.bytes":              strconv.Itoa(maxRecord + 1<<20),
		"unclean.leader.election.enable": "false",
		"min.insync.replicas":            strconv.Itoa(int(max(1, replication-1))),
		"compression.type":               "producer",
	}
	fixed = []string{"cleanup.policy", "unclean.leader.election.enable"}
	if topic == stateTopic {
		all["cleanup.policy"] = "compact"
		all["delete.retention.ms"] = strconv.FormatInt(tombstones.Milliseconds(), 10)
		// The newest segment is never compacted. What a takeover reads does not depend on
		// it (round.go), what the disk holds does.
		all["segment.bytes"] = strconv.Itoa(64 << 20)
		delete(all, "retention.ms")
		delete(all, "retention.bytes")
		return all, append(fixed, "delete.retention.ms")
	}
	return all, append(fixed, "message.timestamp.type")
}

// name is what a topic is called in the cluster.
func (o *Options) name(topic eventlog.Topic) string { return o.Prefix + string(topic) }

// prepare makes the topics that are missing and looks at those that are there.
// Errors: ErrTopic with how to mend it.
func (l *Log) prepare(ctx context.Context) error {
	o, admin := &l.opts, kadm.NewClient(l.client)
	names := []string{o.name(eventlog.Events), o.name(eventlog.Facts), o.name(stateTopic)}
	there, err := admin.ListTopics(ctx, names...)
	if err != nil {
		return fmt.Errorf("ask Kafka at %s for its topics: %w", strings.Join(o.Brokers, ", "), err)
	}
	partitions := o.Partitions
	for _, name := range names {
		if t := there[name]; t.Err == nil && partitions == 0 {
			partitions = int32(len(t.Partitions))
		}
	}
	if partitions == 0 {
		partitions = DefaultPartitions
	}
	l.partitions = partitions
	replication, err := o.replicas(ctx, admin)
	if err != nil {
		return err
	}
	for _, topic := range []eventlog.Topic{eventlog.Events, eventlog.Facts, stateTopic} {
		if err := l.makeTopic(ctx, admin, topic, replication); err != nil {
			return err
		}
	}
	return l.checkTopics(ctx, admin, names)
}

func (o *Options) replicas(ctx context.Context, admin *kadm.Client) (int16, error) {
	if o.Replication > 0 {
		return o.Replication, nil
	}
	brokers, err := admin.ListBrokers(ctx)
	if err != nil {
		return 0, fmt.Errorf("ask Kafka for its brokers: %w", err)
	}
	return min(defaultReplication, int16(len(brokers))), nil
}

func (l *Log) makeTopic(ctx context.Context, admin *kadm.Client, topic eventlog.Topic, replication int16) error {
	settings, _ := l.opts.topicSettings(topic, replication)
	configs := map[string]*string{}
	for k, v := range settings {
		configs[k] = &v
	}
	name := l.opts.name(topic)
	_, err := admin.CreateTopic(ctx, l.partitions, replication, configs, name)
	if err != nil && !errors.Is(err, kerr.TopicAlreadyExists) {
		return fmt.Errorf("make the topic %s with %d partitions, %d replicas: %w", name, l.partitions, replication, err)
	}
	return nil
}

// checkTopics waits until every broker that was asked knows the topics, and holds
// them to what the log relies on.
func (l *Log) checkTopics(ctx context.Context, admin *kadm.Client, names []string) error {
	var there kadm.TopicDetails
	for wait := 5 * time.Millisecond; ; wait = min(2*wait, time.Second) {
		var err error
		there, err = admin.ListTopics(ctx, names...)
		if err == nil && !slices.ContainsFunc(names, func(name string) bool { return !complete(there[name]) }) {
			break
		}
		if err := l.rest(ctx, wait); err != nil {
			return fmt.Errorf("wait for the topics %s to be there: %w", strings.Join(names, ", "), err)
		}
	}
	var wrong []string
	for _, name := range names {
		if n := int32(len(there[name].Partitions)); n != l.partitions {
			wrong = append(wrong, fmt.Sprintf("%s has %d partitions, not %d: set partitions to what the topics have (a viewer's events stay in one partition, so they cannot change)", name, n, l.partitions))
		}
		for i := range l.topics {
			if l.opts.name(l.topics[i].topic) == name {
				l.topics[i].id = there[name].ID
			}
		}
	}
	have, err := l.settings(ctx, admin, names)
	if err != nil {
		return err
	}
	for i := range l.topics {
		wrong = append(wrong, l.opts.contradictions(l.topics[i].topic, have[l.opts.name(l.topics[i].topic)])...)
	}
	if len(wrong) > 0 {
		return fmt.Errorf("%w:\n  %s", ErrTopic, strings.Join(wrong, "\n  "))
	}
	return nil
}

// settings are those of the topics, by name. A broker that has not heard of a new
// topic yet is asked again.
func (l *Log) settings(ctx context.Context, admin *kadm.Client, names []string) (map[string]kadm.ResourceConfig, error) {
	for wait := 5 * time.Millisecond; ; wait = min(2*wait, time.Second) {
		out := map[string]kadm.ResourceConfig{}
		have, err := admin.DescribeTopicConfigs(ctx, names...)
		for _, c := range have {
			out[c.Name] = c
			err = errors.Join(err, c.Err)
		}
		if err == nil && len(out) == len(names) {
			return out, nil
		}
		if ended := l.rest(ctx, wait); ended != nil || final(err) {
			return nil, fmt.Errorf("ask Kafka for the settings of its topics: %w", errors.Join(err, ended))
		}
	}
}

// complete reports whether every partition of a topic has a leader.
func complete(t kadm.TopicDetail) bool {
	if t.Err != nil || len(t.Partitions) == 0 {
		return false
	}
	for _, p := range t.Partitions {
		if p.Err != nil || p.Leader < 0 {
			return false
		}
	}
	return true
}

// contradictions are the settings of a topic that the log cannot rely on.
func (o *Options) contradictions(topic eventlog.Topic, config kadm.ResourceConfig) (wrong []string) {
	want, fixed := o.topicSettings(topic, 1)
	for _, c := range config.Configs {
		value := c.MaybeValue()
		switch {
		case slices.Contains(fixed, c.Key) && value != want[c.Key]:
			wrong = append(wrong, fmt.Sprintf("%s has %s=%s; it must be %s: kafka-configs.sh --alter --topic %s --add-config %s=%s",
				o.name(topic), c.Key, value, want[c.Key], o.name(topic), c.Key, want[c.Key]))
		case c.Key == "max.message.bytes":
			if n, err := strconv.Atoi(value); err == nil && n < maxRecord {
				wrong = append(wrong, fmt.Sprintf("%s has max.message.bytes=%d; a batch of facts needs up to %d", o.name(topic), n, maxRecord+1<<20))
			}
		}
	}
	return wrong
}
