package app

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"playhead/internal/access"
	"playhead/internal/eventlog"
	"playhead/internal/eventlog/kafkalog"
	"playhead/internal/lake"
	"playhead/internal/notebook"
)

// noteMove says that an installation moves to these topics, or has.
const noteMove = "move"

// moveNote is the value of noteMove.
type moveNote struct {
	ID   string `json:"id"`
	Done bool   `json:"done"`
}

func readMoveNote(b eventlog.Board) (*moveNote, error) {
	data := b.Get(noteMove)
	if data == nil {
		return nil, nil
	}
	var n moveNote
	if err := json.Unmarshal(data, &n); err != nil {
		return nil, fmt.Errorf("read what the other processes know of a move: %w", err)
	}
	return &n, nil
}

// refuseUnmoved keeps a process that would begin from nothing out of topics that an
// installation is moving to. Collectors may start: what they take waits.
func (e *engine) refuseUnmoved() error {
	if e.board == nil || !e.settings.has("process") && !e.settings.has("load") && !e.settings.has("query") {
		return nil
	}
	n, err := readMoveNote(e.board)
	if err == nil && n != nil && !n.Done {
		err = fmt.Errorf("an installation is moving to %s*, and not all of it is there: run playhead migrate until it is through, then start this process (one with the role collect alone may start now)", e.settings.KafkaPrefix)
	}
	return err
}

// openHouse makes the new house's folder and topics, and tells what all of its processes
// must know. Errors: ErrSettings.
func (m *mover) openHouse(ctx context.Context, roles string) (err error) {
	if err := prepareFolder(m.To); err != nil {
		return err
	}
	if err := m.remember(); err != nil {
		return err
	}
	if err := copyMissing(m.DataDir, m.To); err != nil {
		return fmt.Errorf("copy keys, people and the like: %w", err)
	}
	s := m.Settings.sized(machineMemory())
	s.DataDir, s.Roles = m.To, roles
	if s.Partitions, err = m.partitions(); err != nil {
		return err
	}
	e := &engine{settings: s, log: m.log, broken: make(chan error, 1)}
	m.house = &server{engine: e}
	if e.zone, err = time.LoadLocation(s.ReportTimezone); err != nil {
		return fmt.Errorf("report-timezone: %w", err)
	}
	if err := e.openLog(ctx); err != nil {
		return err
	}
	if err := e.openBoard(ctx); err != nil {
		return err
	}
	if err := m.checkUnused(ctx); err != nil {
		return err
	}
	if err := e.openRing(ctx); err != nil {
		return err
	}
	if m.arrived() {
		return nil
	}
	if err := m.tellArrived(ctx, false); err != nil {
		return err
	}
	return m.tellHouse(ctx)
}

// partitions is how many the old log has: the new one has as many, since a viewer's state
// lives in the partition that its name falls into.
func (m *mover) partitions() (int32, error) {
	if m.old != nil {
		return m.old.events.Partitions(), nil
	}
	// A server runs on it. Its lake knows, and else who starts it.
	n, err := lake.Partitions(LakeFolder(m.DataDir))
	if err == nil && n > 0 {
		return int32(n), nil
	}
	if m.Partitions == 0 {
		return 0, fmt.Errorf("%w: partitions: the running server's log cannot be asked how many it has, and there is no lake that knows: say it with --partitions (a log has 16, one that was made before November 28, 2026, has 4), or stop the server first", ErrSettings)
	}
	m.say("the running server's log cannot be asked for its partitions: topics get %d, as --partitions says", m.Partitions)
	return m.Partitions, nil
}

// checkUnused refuses topics that hold something else. Errors: ErrSettings.
func (m *mover) checkUnused(ctx context.Context) error {
	n, err := readMoveNote(m.house.board)
	if err != nil {
		return err
	}
	mend := "name topics of their own with --kafka-prefix"
	if n != nil && n.ID != m.note.ID {
		return fmt.Errorf("%w: kafka-prefix: another installation has moved to %s*; %s", ErrSettings, m.KafkaPrefix, mend)
	}
	if n != nil && n.Done {
		return nil
	}
	l := m.house.events
	for p := range l.Partitions() {
		_, next, err := l.Bounds(ctx, eventlog.Facts, p)
		if err != nil {
			return err
		}
		if next > 0 {
			return fmt.Errorf("%w: kafka-prefix: %sfacts has facts already, so that these topics are in use; %s", ErrSettings, m.KafkaPrefix, mend)
		}
	}
	k, ok := l.(*kafkalog.Log)
	if !ok {
		return fmt.Errorf("the new log is %T", l)
	}
	switch busy, err := k.Processors(ctx); {
	case err != nil:
		return err
	case busy > 0:
		return fmt.Errorf("%w: %d processors of the new house are running: they would begin from nothing; stop them until the move is through, collectors may go on", ErrSettings, busy)
	}
	return nil
}

// arrived reports whether the new house has all already, and only the old folder does not
// know.
func (m *mover) arrived() bool {
	n, err := readMoveNote(m.house.board)
	return err == nil && n != nil && n.ID == m.note.ID && n.Done
}

func (m *mover) tellArrived(ctx context.Context, done bool) error {
	data, err := json.Marshal(moveNote{m.note.ID, done})
	if err != nil {
		return err
	}
	if bytes.Equal(m.house.board.Get(noteMove), data) {
		return nil
	}
	return m.house.put(ctx, noteMove, data)
}

// tellHouse makes the new house know the keys, people, notes and titles that the old
// folder has now. Nothing of it can change there before the move is through.
func (m *mover) tellHouse(ctx context.Context) error {
	s := m.house
	keys, err := access.Open(m.DataDir)
	if err != nil {
		return fmt.Errorf("open the keys: %w", err)
	}
	people, err := access.OpenPeople(m.DataDir)
	if err != nil {
		return err
	}
	notes, err := notebook.Open(m.DataDir)
	if err != nil {
		return err
	}
	s.keys = keys
	if err := s.giveKeys(ctx); err != nil { // those that collectors have made stay
		return err
	}
	if err := s.replace(ctx, []string{notePerson}, people.Records(), notePerson); err != nil {
		return fmt.Errorf("tell of people: %w", err)
	}
	if err := s.replace(ctx, []string{noteAnnotation, noteView}, notes.Records(), ""); err != nil {
		return fmt.Errorf("tell of notes: %w", err)
	}
	for _, kind := range []string{"people", "notes"} {
		if s.board.Get(noteSeeded+kind) != nil {
			continue
		}
		if err := s.put(ctx, noteSeeded+kind, []byte{1}); err != nil {
			return err
		}
	}
	old := m.oldSettings()
	c, err := ownCatalog(old)
	if err != nil {
		return err
	}
	if s.catalog = c; c.Len() == 0 && old.Catalog == "" {
		return nil
	}
	s.settings.DataDir, s.settings.Catalog = m.DataDir, old.Catalog
	_, err = s.shareOwnCatalog(ctx)
	s.settings.DataDir = m.To
	if err != nil {
		return err
	}
	m.say("%d keys, %d people, %d notes and %d titles are known to the new house", len(keys.Records()), len(people.Records()), len(notes.Records()), c.Len())
	return nil
}

// replace makes what the board says under some prefixes what is given, and nothing else.
func (s *server) replace(ctx context.Context, prefixes []string, have map[string][]byte, before string) error {
	for id, record := range have {
		if bytes.Equal(s.board.Get(before+id), record) {
			continue
		}
		if err := s.put(ctx, before+id, record); err != nil {
			return err
		}
	}
	for _, prefix := range prefixes {
		for _, n := range s.board.List(prefix) {
			if _, there := have[n.Name[len(before):]]; there {
				continue
			}
			if err := s.put(ctx, n.Name, nil); err != nil {
				return err
			}
		}
	}
	return nil
}

// copyMissing copies the files that lie in a data folder itself to one that lacks them.
func copyMissing(from, to string) error {
	staged, err := os.MkdirTemp(to, ".arriving-*")
	if err != nil {
		return err
	}
	if err := copySmall(from, staged); err != nil {
		return errors.Join(err, os.RemoveAll(staged))
	}
	entries, err := os.ReadDir(staged)
	for _, e := range entries {
		target := filepath.Join(to, e.Name())
		if _, missing := os.Lstat(target); err == nil && missing != nil {
			err = os.Rename(filepath.Join(staged, e.Name()), target)
		}
	}
	return errors.Join(err, os.RemoveAll(staged))
}
