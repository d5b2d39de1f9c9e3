package warehouse

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"
)

const (
	// followEvery is how often it is looked how far the database is.
	followEvery = 200 * time.Millisecond
	// followValues is how often the values of dimensions are read anew.
	followValues = 30 * time.Second
	// followWithin bounds a look; one that fails is tried again.
	followWithin = 10 * time.Second
)

// ErrNotFollowed: the database cannot be read while another process fills it.
var ErrNotFollowed = errors.New("this warehouse belongs to one process")

// Follow keeps up with a database that another process fills, until ctx ends.
func (s *Store) Follow(ctx context.Context, log *slog.Logger) error {
	db, ok := s.db.(Follower)
	if !ok {
		return ErrNotFollowed
	}
	tick := time.NewTicker(followEvery)
	defer tick.Stop()
	read, failed := time.Now(), false
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		err := s.followOnce(ctx, db)
		if err == nil && time.Since(read) >= followValues {
			err, read = s.loadValues(ctx), time.Now()
		}
		switch {
		case ctx.Err() != nil:
		case err != nil && !failed:
			log.Warn("it is not known how far the warehouse is; answers are of a moment ago", "error", err)
		case err == nil && failed:
			log.Info("the warehouse answers again")
		}
		failed = err != nil
	}
}

func (s *Store) followOnce(ctx context.Context, db Follower) error {
	ctx, cancel := context.WithTimeout(ctx, followWithin)
	defer cancel()
	if err := db.Follow(ctx); err != nil {
		return err
	}
	offsets, err := s.db.Offsets(ctx)
	if err != nil {
		return fmt.Errorf("ask how far the warehouse is: %w", err)
	}
	s.reached(offsets)
	return nil
}
