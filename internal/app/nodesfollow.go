package app

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"playhead/internal/access"
	"playhead/internal/catalog"
	"playhead/internal/eventlog"
)

const (
	// boardEvery is how often it is looked whether keys were made here, by whatever process.
	boardEvery = 250 * time.Millisecond
	// linksEvery is how often sign-in links that work no more are taken off the board.
	linksEvery = 10 * time.Minute
)

// joinNodes takes what the other processes know before anybody is served, and gives
// them what only this one has.
func (s *server) joinNodes(ctx context.Context) error {
	if s.board == nil {
		return nil
	}
	if err := s.takeKeys(); err != nil {
		return err
	}
	if !s.settings.has("query") {
		return nil
	}
	post := func(prefix string) func(string, []byte) error {
		return func(id string, record []byte) error {
			return s.put(context.WithoutCancel(ctx), prefix+id, record)
		}
	}
	if err := s.seed(ctx, "people", notePerson, s.people.Records()); err != nil {
		return err
	}
	if err := s.seed(ctx, "notes", "", s.notes.Records()); err != nil {
		return err
	}
	s.people.Share(post(notePerson))
	s.notes.Share(post(""))
	return s.takePeople()
}

// seed gives records that were made before there were other processes to those, once
// in the life of the board: from then on the board is right, and a file may be old.
func (s *server) seed(ctx context.Context, kind, prefix string, have map[string][]byte) error {
	if s.board.Get(noteSeeded+kind) != nil {
		return nil
	}
	for id, record := range have {
		if s.board.Get(prefix+id) != nil {
			continue
		}
		if err := s.put(ctx, prefix+id, record); err != nil {
			return fmt.Errorf("tell the other processes of %s: %w", kind, err)
		}
	}
	if err := s.put(ctx, noteSeeded+kind, []byte{1}); err != nil {
		return fmt.Errorf("tell the other processes of %s: %w", kind, err)
	}
	return nil
}

// listed are the notes of a kind, by what follows it.
func listed(b eventlog.Board, prefix string) map[string][]byte {
	out := map[string][]byte{}
	for _, n := range b.List(prefix) {
		out[strings.TrimPrefix(n.Name, prefix)] = n.Value
	}
	return out
}

// takeKeys takes the keys of other processes into the file of this one.
func (s *server) takeKeys() error { return s.keys.Adopt(listed(s.board, noteKey)) }

// takePeople goes by the people and notes that other processes changed.
func (s *server) takePeople() error {
	if err := s.people.Replace(func() map[string][]byte { return listed(s.board, notePerson) }); err != nil {
		return err
	}
	return s.notes.Replace(func() map[string][]byte {
		all := map[string][]byte{}
		for _, kind := range []string{noteAnnotation, noteView} {
			for id, record := range listed(s.board, kind) {
				all[kind+id] = record
			}
		}
		return all
	})
}

// giveKeys tells the other processes of keys that were made or revoked here, by this
// process or by a command beside it.
func (s *server) giveKeys(ctx context.Context) error {
	there := listed(s.board, noteKey)
	for id, record := range s.keys.Records() {
		have, mine := access.Key{}, access.Key{}
		if there[id] != nil {
			if err := json.Unmarshal(there[id], &have); err != nil {
				return fmt.Errorf("read the key %s of another process: %w", id, err)
			}
		}
		if err := json.Unmarshal(record, &mine); err != nil {
			return fmt.Errorf("read the key %s: %w", id, err)
		}
		if there[id] != nil && (mine.Active() || !have.Active()) {
			continue
		}
		if err := s.put(ctx, noteKey+id, record); err != nil {
			return err
		}
	}
	return nil
}

func (s *server) put(ctx context.Context, name string, value []byte) error {
	ctx, cancel := context.WithTimeout(ctx, boardWithin)
	defer cancel()
	_, err := s.board.Put(ctx, name, value)
	return err
}

// followNodes keeps up with the other processes until ctx ends.
func (s *server) followNodes(ctx context.Context) error {
	if s.board == nil {
		return nil
	}
	tick := time.NewTicker(boardEvery)
	defer tick.Stop()
	var swept time.Time
	last := ""
	for {
		changed := s.board.Changed()
		err := s.followOnce(ctx)
		if err == nil && time.Since(swept) >= linksEvery {
			swept, err = time.Now(), s.sweepLinks(ctx)
		}
		switch {
		case err == nil:
			last = ""
		case ctx.Err() == nil && err.Error() != last:
			last = err.Error()
			s.log.Warn("this process and the others may not know the same keys, people or titles; it is tried again", "error", err)
		}
		select {
		case <-ctx.Done():
			return s.lastKeys(ctx)
		case <-changed:
		case <-tick.C:
		}
	}
}

// lastKeys gives the others what was made in the last moment.
func (s *server) lastKeys(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
	defer cancel()
	if !s.settings.has("collect") && !s.settings.has("query") {
		return nil
	}
	if err := s.giveKeys(ctx); err != nil {
		s.log.Warn("keys of the last moment are told to the other processes at the next start", "error", err)
	}
	return nil
}

func (s *server) followOnce(ctx context.Context) error {
	if s.settings.has("collect") || s.settings.has("query") {
		if err := s.takeKeys(); err != nil {
			return err
		}
		if err := s.giveKeys(ctx); err != nil {
			return err
		}
	}
	if s.settings.has("query") {
		if err := s.takePeople(); err != nil {
			return err
		}
	}
	return s.followTitles(ctx)
}

// followTitles goes by another catalogue, and by other choices of the audience, and has
// the partitions that are processed here told.
func (s *server) followTitles(ctx context.Context) error {
	note, choice := s.board.Get(noteCatalog), s.board.Get(noteChoices)
	other, moved := !bytes.Equal(note, s.followed.catalog), !bytes.Equal(choice, s.followed.choices)
	if !other && !moved {
		return nil
	}
	if other && note != nil && s.settings.Catalog == "" {
		var err error
		if note, err = s.takeTitles(); err != nil {
			return err
		}
	}
	if moved && choice != nil {
		text, err := unpack(choice)
		found := choices{}
		if err == nil {
			err = json.Unmarshal(text, &found)
		}
		if err != nil {
			return fmt.Errorf("read what the audience chooses: %w", err)
		}
		s.chosen.Store(&found)
	}
	if s.settings.has("process") && note != nil {
		if err := s.tellSome(ctx, s.present(), s.allPartitions()); err != nil {
			return err
		}
	}
	s.followed.catalog, s.followed.choices = note, choice
	return nil
}

// takeTitles takes the catalogue of the others in the place of this process's, and returns
// the note that it was.
func (s *server) takeTitles() (note []byte, err error) {
	now := func() (*catalog.Catalog, []byte, error) {
		note = s.board.Get(noteCatalog)
		return readCatalog(note)
	}
	if s.titles != nil {
		err = s.titles.take(now, func(c *catalog.Catalog) { s.told.Store(c) })
		return note, err
	}
	c, text, err := now()
	if err == nil {
		err = keepOthers(s.settings.DataDir, text)
	}
	if err == nil {
		s.told.Store(c)
	}
	return note, err
}

// usedLink reports whether a sign-in link is used for the first time, by any process.
func (s *server) usedLink(link string, until time.Time) (first bool, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), boardWithin)
	defer cancel()
	if s.board.Get(noteLink+link) != nil {
		return false, nil
	}
	return s.board.Put(ctx, noteLink+link, binary.BigEndian.AppendUint64(nil, uint64(until.UnixMilli())))
}

// sweepLinks forgets links that have not worked for a while.
func (s *server) sweepLinks(ctx context.Context) error {
	if !s.settings.has("query") {
		return nil
	}
	before := time.Now().Add(-linksEvery).UnixMilli()
	for _, n := range s.board.List(noteLink) {
		if len(n.Value) == 8 && int64(binary.BigEndian.Uint64(n.Value)) > before {
			continue
		}
		if err := s.put(ctx, n.Name, nil); err != nil {
			return err
		}
	}
	return nil
}

// followed are the notes that this process goes by.
type followed struct{ catalog, choices []byte }
