package app

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/klauspost/compress/zstd"

	"playhead/internal/catalog"
	"playhead/internal/eventlog"
	"playhead/internal/eventlog/kafkalog"
	"playhead/internal/privacy"
)

// Topics of boards, after the prefix.
const (
	controlTopic = "control"
	liveTopic    = "live"
)

// Names of notes on the board. What begins with a kind goes on with an id.
const (
	noteAgreed     = "agreed/"
	noteKey        = "key/"
	notePerson     = "person/"
	noteAnnotation = "annotation/"
	noteView       = "view/"
	noteSeeded     = "seeded/"
	noteLink       = "link/"
	noteCatalog    = "catalog"
	noteChoices    = "choices"
)

// boardWithin bounds how long a change waits for the other processes' board.
const boardWithin = 20 * time.Second

// openBoard opens what the processes on Kafka tell each other, and holds this one to
// what all must have the same. Errors: ErrSettings.
func (e *engine) openBoard(ctx context.Context) error {
	if !e.settings.onKafka() {
		return nil
	}
	o, err := e.kafkaOptions()
	if err != nil {
		return err
	}
	open := func(which kafkalog.BoardOptions) (eventlog.Board, error) {
		b, err := kafkalog.OpenBoard(ctx, o, which)
		if errors.Is(err, kafkalog.ErrTopic) {
			err = fmt.Errorf("%w: %w", ErrSettings, err)
		}
		if err != nil { // and no board that is nil inside
			return nil, err
		}
		return b, nil
	}
	if e.board, err = open(kafkalog.BoardOptions{Topic: controlTopic}); err != nil {
		return err
	}
	if e.settings.has("process") || e.elsewhere() {
		if e.passing, err = open(kafkalog.BoardOptions{Topic: liveTopic, Passing: true}); err != nil {
			return err
		}
	}
	zone, err := agree(ctx, e.board, "report-timezone", e.zone.String())
	if err == nil && zone != e.zone.String() {
		err = fmt.Errorf("%w: report-timezone: it is %s here and %s in the other processes on %s%s: days would be cut in two ways; set it to %s",
			ErrSettings, e.zone, zone, e.settings.KafkaPrefix, controlTopic, zone)
	}
	return err
}

// agree has the first process of an installation say what all must have the same, and
// returns what that is.
func agree(ctx context.Context, b eventlog.Board, what, mine string) (all string, err error) {
	prefix := noteAgreed + what + "/"
	if len(b.List(prefix)) == 0 {
		if _, err := b.Put(ctx, prefix+mine, []byte{1}); err != nil {
			return "", fmt.Errorf("agree with the other processes on %s: %w", what, err)
		}
	}
	list := b.List(prefix)
	if len(list) == 0 {
		return "", fmt.Errorf("agree with the other processes on %s: somebody took it back meanwhile; start again", what)
	}
	all = strings.TrimPrefix(list[0].Name, prefix)
	if all != mine && b.Get(prefix+mine) != nil { // another one was first, at the same moment
		if _, err := b.Put(ctx, prefix+mine, nil); err != nil {
			return "", fmt.Errorf("agree with the other processes on %s: %w", what, err)
		}
	}
	return all, nil
}

// openRing opens the pseudonym ring, where this process needs one, and refuses one
// that is not that of all.
func (e *engine) openRing(ctx context.Context) (err error) {
	s := &e.settings
	if s.onKafka() && !s.has("collect") && !s.has("query") {
		return nil // it makes no pseudonym and looks nobody up: a secret less
	}
	o := privacy.Options{File: s.RingFile}
	if os.Getenv(ringVariable) != "" {
		o.Env = ringVariable
	}
	where := filepath.Join(s.DataDir, privacy.FileName)
	if e.board != nil && o.Env == "" && o.File == "" {
		_, err := os.Stat(where)
		if list := e.board.List(noteAgreed + "ring/"); errors.Is(err, fs.ErrNotExist) && len(list) > 0 {
			return e.otherRing("there is none in "+where, strings.TrimPrefix(list[0].Name, noteAgreed+"ring/"))
		}
	}
	if e.ring, err = privacy.OpenRing(s.DataDir, o); err != nil || e.board == nil {
		return err
	}
	all, err := agree(ctx, e.board, "ring", e.ring.ID())
	if err != nil || all == e.ring.ID() {
		return err
	}
	switch {
	case o.Env != "":
		where = "the variable " + o.Env
	case o.File != "":
		where = o.File
	}
	return e.otherRing("the one in "+where+" has the fingerprint "+e.ring.ID(), all)
}

func (e *engine) otherRing(mine, all string) error {
	return fmt.Errorf("%w: pseudonym ring: %s; that of the other processes on %s%s has the fingerprint %s: one viewer would be two. "+
		"Give this process theirs: ring.json from the data folder of the one that started first, with --ring-file or as %s, and start it again. "+
		"A new identity needs new topics (--kafka-prefix)", ErrSettings, mine, e.settings.KafkaPrefix, controlTopic, all, ringVariable)
}

// startCatalog is the operator's file, else what was uploaded to any process, else
// nothing. The other processes get it where they do not have it.
func (e *engine) startCatalog(ctx context.Context) (*catalog.Catalog, error) {
	s := &e.settings
	if e.board == nil {
		return ownCatalog(*s)
	}
	note := e.board.Get(noteCatalog)
	if note != nil && s.Catalog == "" {
		return e.takeCatalog(note)
	}
	return e.shareOwnCatalog(ctx)
}

// shareOwnCatalog gives the catalogue of this process to the others, if it has one.
func (e *engine) shareOwnCatalog(ctx context.Context) (*catalog.Catalog, error) {
	c, err := ownCatalog(e.settings)
	if err != nil || c.Len() == 0 && e.settings.Catalog == "" {
		return c, err
	}
	text, err := catalog.Encode(c)
	if err != nil {
		return nil, fmt.Errorf("share the catalogue: %w", err)
	}
	return c, e.shareCatalog(ctx, text)
}

// takeCatalog reads the catalogue of a note, and keeps it in the data folder.
func (e *engine) takeCatalog(note []byte) (*catalog.Catalog, error) {
	c, text, err := readCatalog(note)
	if err != nil {
		return nil, err
	}
	return c, keepOthers(e.settings.DataDir, text)
}

// readCatalog reads the catalogue of a note.
func readCatalog(note []byte) (c *catalog.Catalog, text []byte, err error) {
	if text, err = unpack(note); err == nil {
		c, err = catalog.Parse(text)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("read the catalogue of another process: %w", err)
	}
	return c, text, nil
}

// keepOthers keeps the catalogue of another process in the data folder, unless it is there.
func keepOthers(folder string, text []byte) error {
	if have, err := os.ReadFile(filepath.Join(folder, uploadedCatalog)); err == nil && bytes.Equal(have, text) {
		return nil
	}
	if err := keepCatalog(folder, text); err != nil {
		return fmt.Errorf("keep the catalogue of another process: %w", err)
	}
	return nil
}

// shareCatalog gives a catalogue to the other processes.
func (e *engine) shareCatalog(ctx context.Context, text []byte) error {
	return e.share(ctx, noteCatalog, text)
}

// shareChoices gives what the audience chose to the other processes.
func (e *engine) shareChoices(ctx context.Context) error {
	chosen := e.chosen.Load()
	if chosen == nil {
		return nil
	}
	text, err := json.Marshal(*chosen)
	if err != nil {
		return fmt.Errorf("share what the audience chooses: %w", err)
	}
	return e.share(ctx, noteChoices, text)
}

// share puts a text on the board, unless it is there.
func (e *engine) share(ctx context.Context, name string, text []byte) error {
	note, err := pack(text)
	if err != nil {
		return fmt.Errorf("share the %s: %w", name, err)
	}
	if string(e.board.Get(name)) == string(note) {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, boardWithin)
	defer cancel()
	_, err = e.board.Put(ctx, name, note)
	return err
}

// packed is the version of notes that are packed; mostUnpacked bounds what one is
// taken to hold, bytes.
const (
	packed       = 1
	mostUnpacked = 256 << 20
)

func pack(text []byte) ([]byte, error) {
	w, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1))
	if err != nil {
		return nil, err
	}
	return w.EncodeAll(text, []byte{packed}), w.Close()
}

func unpack(note []byte) ([]byte, error) {
	if len(note) == 0 || note[0] != packed {
		return nil, errors.New("a later version of playhead wrote it")
	}
	r, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(mostUnpacked))
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return r.DecodeAll(note[1:], nil)
}
