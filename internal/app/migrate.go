package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"playhead/internal/privacy"
	"playhead/internal/warehouse/clickhouse"
)

// MigrateOptions of Migrate.
type MigrateOptions struct {
	// Settings are those of the new house, but for DataDir: that is the installation's.
	Settings
	// To is the data folder of the new house's process that loads, made if need be; ""
	// is one beside the old one.
	To string
	// Prepare does what can be done while the old server runs: the topics, and what all
	// processes must know, so that collectors may start.
	Prepare bool
	// DryRun says what there is to move and changes nothing.
	DryRun   bool
	Out, Log io.Writer
}

// onKafkaSuffix is what To is called when nobody says.
const onKafkaSuffix = "-on-kafka"

// movingFolder, in the new data folder, holds what is half-way.
const movingFolder = ".moving"

// Migrate moves an embedded installation to Kafka, and to ClickHouse where the settings
// name one. The old folder is read and processed to its end, and then left as it is. It
// may be killed at any time and run again: it goes on, and nothing is there twice.
// Errors: ErrSettings.
func Migrate(ctx context.Context, o MigrateOptions) (err error) {
	m := &mover{MigrateOptions: o, log: o.Settings.Logger(o.Log), began: time.Now()}
	if err := m.check(); err != nil {
		return err
	}
	if o.DryRun {
		return m.dryRun(ctx)
	}
	defer func() { err = errors.Join(err, m.close()) }()
	if m.note.Done != nil {
		m.say("the installation in %s has moved on %s, to %s* and %s: there is nothing to do", m.DataDir, m.note.Done.Format(time.DateTime), m.note.Prefix, m.note.To)
		return nil
	}
	if o.Prepare {
		if err := m.openHouse(ctx, "collect"); err != nil {
			return err
		}
		m.sayReady()
		m.say("prepared. Stop the old server when collectors of the new house take its place, and run this again without --prepare")
		return nil
	}
	if err := m.openOld(ctx); err != nil {
		return err
	}
	if err := m.openHouse(ctx, "collect,process"); err != nil {
		return err
	}
	if m.arrived() {
		return m.finish(ctx)
	}
	m.sayReady()
	for _, step := range []struct {
		what string
		do   func(context.Context) error
	}{
		{"process what is left", m.drain}, {"state", m.moveStates}, {"warehouse", m.moveWarehouse}, {"lake", m.moveLake}, {"compare", m.compare},
	} {
		start := time.Now()
		if err := step.do(ctx); err != nil {
			return fmt.Errorf("%s: %w", step.what, err)
		}
		m.log.Info("moved", "step", step.what, "took", time.Since(start).Round(time.Millisecond))
	}
	return m.finish(ctx)
}

// mover is a move under way.
type mover struct {
	MigrateOptions
	log   *slog.Logger
	began time.Time
	note  *moved // what the old folder remembers

	old   *engine
	house *server // of the new house: what all its processes know, and the log
	db    target  // the new house's warehouse, once it is open
	lines []line  // of the comparison
}

func (m *mover) say(format string, args ...any) { fmt.Fprintf(m.Out, format+"\n", args...) }

func (m *mover) sayReady() {
	m.say("collectors of the new house may start: playhead serve --roles collect --kafka … --kafka-prefix %s --partitions %d --ring-file %s",
		m.KafkaPrefix, m.house.events.Partitions(), filepath.Join(m.To, "ring.json"))
}

// check looks at what was asked for, and at what the folders remember. Errors: ErrSettings.
func (m *mover) check() (err error) {
	if !m.onKafka() {
		return fmt.Errorf("%w: kafka: name the brokers of the new house, as --kafka kafka-1:9092,kafka-2:9092", ErrSettings)
	}
	if m.To == "" {
		m.To = filepath.Clean(m.DataDir) + onKafkaSuffix
	}
	m.Roles = strings.Join(allRoles[:], ",")
	if err := m.Settings.Validate(); err != nil {
		return err
	}
	if _, err := os.Stat(logFolder(m.DataDir)); err != nil {
		return fmt.Errorf("%w: data-dir: there is no installation in %s: it has no folder log (%w)", ErrSettings, m.DataDir, bare(err))
	}
	if _, err := os.Stat(filepath.Join(m.DataDir, privacy.FileName)); err != nil && m.RingFile == "" && os.Getenv(ringVariable) == "" {
		return fmt.Errorf("%w: ring-file: %s has no %s; name the ring that its server is started with, by --ring-file or %s", ErrSettings, m.DataDir, privacy.FileName, ringVariable)
	}
	if same(m.DataDir, m.To) {
		return fmt.Errorf("%w: to: it is the installation's own folder; name another one, which may be new", ErrSettings)
	}
	if m.note, err = readMoved(filepath.Join(m.DataDir, movedFile)); err != nil {
		return err
	}
	if m.note == nil {
		m.note = newMoved()
	}
	return m.checkTo()
}

// checkTo refuses a new folder that holds something else.
func (m *mover) checkTo() error {
	there, err := readMoved(filepath.Join(m.To, arrivedFile))
	if err != nil {
		return err
	}
	if there != nil {
		if there.ID != m.note.ID {
			return fmt.Errorf("%w: to: another installation has moved to %s; name another folder", ErrSettings, m.To)
		}
		return nil
	}
	if entries, err := os.ReadDir(m.To); err == nil && len(entries) > 0 {
		return fmt.Errorf("%w: to: %s is not empty; name a new folder", ErrSettings, m.To)
	}
	return nil
}

// oldSettings are those of the installation that moves.
func (m *mover) oldSettings() Settings {
	s := m.Settings
	s.Kafka, s.Warehouse, s.Partitions = nil, embedded, 0
	s.Roles = "process,load" // nobody sends, and nobody asks: facts go to the database as soon as they can
	return s
}

// openOld takes the old folder for itself.
func (m *mover) openOld(ctx context.Context) (err error) {
	s := m.oldSettings()
	if m.old, err = openEngine(ctx, s, nil, m.log); err != nil {
		return fmt.Errorf("open the installation that moves: %w", s.damaged(err))
	}
	return nil
}

// remember writes down where the installation moves to.
func (m *mover) remember() error {
	m.note.To, m.note.Kafka, m.note.Prefix, m.note.Warehouse = m.To, m.Kafka, m.KafkaPrefix, warehouseName(m.Warehouse)
	return errors.Join(m.note.keep(filepath.Join(m.DataDir, movedFile)), m.note.keep(filepath.Join(m.To, arrivedFile)))
}

// warehouseName is an address without who signs in.
func warehouseName(address string) string {
	a, err := clickhouse.ParseAddress(address)
	if err != nil {
		return address // duckdb
	}
	return strings.Join(a.Hosts, ",") + "/" + a.Database
}

// finish tells everybody that all is there.
func (m *mover) finish(ctx context.Context) error {
	if err := m.tellArrived(ctx, true); err != nil {
		return err
	}
	now := time.Now().UTC()
	m.note.Done = &now
	if err := m.remember(); err != nil {
		return err
	}
	if err := os.RemoveAll(filepath.Join(m.To, movingFolder)); err != nil {
		return err
	}
	m.say("moved in %s. %s is left as it is, and no server starts on it by mistake. The process that loads goes on with", time.Since(m.began).Round(100*time.Millisecond), m.DataDir)
	m.say("  playhead serve --roles load … --kafka-prefix %s --partitions %d --data-dir %s", m.KafkaPrefix, m.house.events.Partitions(), m.To)
	return nil
}

func (m *mover) close() error {
	var errs []error
	if m.db != nil {
		errs = append(errs, m.db.Close())
	}
	if m.house != nil {
		errs = append(errs, m.house.engine.close())
	}
	if m.old != nil {
		errs = append(errs, m.old.close())
	}
	return errors.Join(errs...)
}
