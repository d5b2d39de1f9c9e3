package app

import (
	"context"
	"errors"
	"fmt"
	"time"

	"playhead/internal/source"
)

// loadSource reads what is taken from Kafka. Errors: ErrSettings with each thing
// that is wrong, by file and line.
func loadSource(ctx context.Context, path string) (*source.Config, error) {
	c, err := source.Load(ctx, path)
	if err != nil {
		return nil, fmt.Errorf("%w:\n%w", ErrSettings, err)
	}
	return c, nil
}

// openSource makes the Kafka source, unless there is none or others collect.
func (s *server) openSource(c *source.Config) (err error) {
	if c == nil || !s.settings.has("collect") {
		return nil
	}
	s.source, err = source.New(source.Options{
		Config: c, Intake: s.collector, Keys: s.keys, Clock: time.Now, Registry: s.registry, Logger: s.log,
	})
	return err
}

// runSource takes events from Kafka until ctx ends.
func (s *server) runSource(ctx context.Context) error {
	if s.source == nil {
		return nil
	}
	if err := s.source.Run(ctx); err != nil && !errors.Is(err, context.Canceled) {
		return err
	}
	return nil
}
