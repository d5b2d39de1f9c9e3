package app

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"time"

	"playhead/internal/access"
	"playhead/internal/eventlog"
	"playhead/internal/eventlog/kafkalog"
	"playhead/internal/eventlog/pebblelog"
	"playhead/internal/lake"
	"playhead/internal/warehouse"
	"playhead/internal/warehouse/clickhouse"
	"playhead/internal/warehouse/duck"
	"playhead/internal/warehouse/layout"
)

// dryRun says what there is to move and what is there already. Errors: ErrSettings.
func (m *mover) dryRun(ctx context.Context) error {
	m.say("from %s:", m.DataDir)
	if m.note.Done != nil {
		m.say("  it has moved on %s, to %s* and %s", m.note.Done.Format(time.DateTime), m.note.Prefix, m.note.To)
	}
	partitions, err := m.countLog(ctx)
	if err != nil {
		return err
	}
	if err := m.countWarehouse(ctx); err != nil {
		return err
	}
	if files, err := lake.ListFiles(LakeFolder(m.DataDir)); err == nil {
		bytes := int64(0)
		for _, f := range files {
			bytes += f.Bytes
		}
		m.say("  lake: %d files, %.1f MB", len(files), float64(bytes)/1e6)
	}
	keys, err := access.Open(m.DataDir)
	if err != nil {
		return fmt.Errorf("open the keys: %w", err)
	}
	people, err := access.OpenPeople(m.DataDir)
	if err != nil {
		return err
	}
	m.say("  %d keys and tokens, %d people", len(keys.Records()), len(people.Records()))
	return m.lookAtHouse(ctx, partitions)
}

// countLog counts what the log holds; 0 partitions where a server runs on it.
func (m *mover) countLog(ctx context.Context) (int32, error) {
	l, err := pebblelog.Open(logFolder(m.DataDir), pebblelog.Options{ReadOnly: true, Logger: m.log})
	if errors.Is(err, eventlog.ErrLocked) {
		m.say("  a server runs on it: stop it for the move, and to have its log and figures counted here")
		return 0, nil
	}
	if err != nil {
		return 0, m.damaged(err)
	}
	var waiting, states, bytes int64
	for p := range l.Partitions() {
		_, end, failed := l.Bounds(ctx, eventlog.Events, p)
		progress, other := l.Progress(ctx, p)
		err = errors.Join(err, failed, other, l.ScanState(ctx, p, nil, func(key, value []byte) error {
			states, bytes = states+1, bytes+int64(len(key)+len(value))
			return nil
		}))
		waiting += end - progress.Committed
	}
	n := l.Partitions()
	if err := errors.Join(err, l.Close()); err != nil {
		return 0, m.damaged(err)
	}
	m.say("  log: %d partitions, %d events to be processed, %d states, %.1f MB", n, waiting, states, float64(bytes)/1e6)
	return n, nil
}

func (m *mover) countWarehouse(ctx context.Context) error {
	if _, err := os.Stat(warehouseFolder(m.DataDir)); err != nil {
		return nil
	}
	zone, err := time.LoadLocation(m.ReportTimezone)
	if err != nil {
		return fmt.Errorf("report-timezone: %w", err)
	}
	db, err := duck.Open(ctx, warehouseFolder(m.DataDir), duck.Options{MemoryLimitMB: m.WarehouseMemory, TZ: zone})
	if errors.Is(err, warehouse.ErrInUse) {
		return nil // as was said
	}
	if err != nil {
		return m.damaged(err)
	}
	st, err := db.Stats(ctx)
	if err = errors.Join(err, db.Close()); err != nil {
		return m.damaged(err)
	}
	rows := int64(0)
	for _, t := range layout.Tables() {
		rows += st.Rows[t.Name]
	}
	m.say("  warehouse: %d rows, %.1f MB", rows, float64(st.FileBytes)/1e6)
	return nil
}

// lookAtHouse says what is where the installation shall move to.
func (m *mover) lookAtHouse(ctx context.Context, partitions int32) error {
	e := &engine{settings: m.Settings, log: m.log}
	o, err := e.kafkaOptions()
	if err != nil {
		return err
	}
	found, err := kafkalog.Look(ctx, o)
	if err != nil {
		return err
	}
	m.say("to Kafka: %d brokers; topics %s* are %s", found.Brokers, m.KafkaPrefix, map[bool]string{true: "to be made", false: "there:"}[len(found.Topics) == 0])
	for _, name := range slices.Sorted(maps.Keys(found.Topics)) {
		m.say("  %s, %d partitions", name, found.Topics[name])
	}
	if n, there := found.Topics[m.KafkaPrefix+string(eventlog.Events)]; there && partitions > 0 && n != int(partitions) {
		return fmt.Errorf("%w: kafka-prefix: %s%s has %d partitions, and the old log %d: a viewer's state lives in one of them. Name another prefix, or delete the topics",
			ErrSettings, m.KafkaPrefix, eventlog.Events, n, partitions)
	}
	if m.Warehouse == embedded {
		m.say("to DuckDB, as a copy in %s", warehouseFolder(m.To))
		return nil
	}
	address, err := clickhouse.ParseAddress(m.Warehouse)
	if err != nil {
		return err
	}
	rows, err := clickhouse.Look(ctx, address)
	if err != nil {
		return err
	}
	m.say("to ClickHouse: %s has %d rows", warehouseName(m.Warehouse), rows)
	if rows > 0 && m.note.Position == "" {
		return fmt.Errorf("%w: warehouse: %w", ErrSettings, clickhouse.ErrNotEmpty)
	}
	return nil
}
