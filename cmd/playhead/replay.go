package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"playhead/internal/mapping"
	"playhead/internal/replay"
)

type replayCmd struct {
	Files    []string `arg:"" name:"FILE" help:"Files of events: JSON by lines or as an array, Avro, Parquet; plain, gzip or zstd."`
	Target   string   `help:"URL of the server." default:"http://localhost:8080" placeholder:"URL"`
	Key      string   `help:"Write key (playhead keys create --write)." required:"" placeholder:"K"`
	Import   bool     `help:"Load history: events of any age, with their own clock, each record of a file once however often it is loaded."`
	Speed    float64  `help:"Times real time, by the events' times; 0 is as fast as the server takes it." default:"0" placeholder:"X"`
	Map      string   `help:"How the records of a foreign file become events (docs/replay.md)." type:"existingfile" placeholder:"FILE"`
	Rejected string   `help:"Write the rejected records' numbers and reasons here, as JSON lines." type:"path" placeholder:"FILE"`
}

func (replayCmd) Help() string {
	return `A rejected record is named by file and number and stops nothing; the exit status is 1 then. What was not acknowledged is sent again.

Examples:
  playhead replay yesterday.ndjson.gz --key $KEY --speed 10
  playhead replay 2025-*.parquet --key $KEY --import --map mapping.yaml`
}

func (c *replayCmd) Run(ctx context.Context) (err error) {
	o := replay.Options{
		Target: c.Target, Key: c.Key, Files: c.Files, Import: c.Import, Speed: c.Speed,
		Out: os.Stderr, Terminal: isTerminal(os.Stderr),
	}
	if err := o.Validate(); err != nil {
		return fmt.Errorf("%w: %w", errUsage, err)
	}
	if c.Map != "" {
		text, err := os.ReadFile(c.Map)
		if err != nil {
			return fmt.Errorf("%w: %w", errUsage, err)
		}
		if o.Map, err = mapping.Parse(text); err != nil {
			return fmt.Errorf("%w: %s: %w", errUsage, c.Map, err)
		}
	}
	if c.Rejected != "" {
		out, err := os.OpenFile(c.Rejected, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
		if err != nil {
			return fmt.Errorf("%w: %w", errUsage, err)
		}
		defer func() { err = errors.Join(err, out.Close()) }()
		o.Rejected = io.Writer(out)
	}
	sum, err := replay.Run(ctx, o)
	if err == nil && sum.Rejected > 0 {
		err = fmt.Errorf("%d of %d records were rejected", sum.Rejected, sum.Records)
	}
	return err
}

// isTerminal tells a terminal from a file or a pipe.
func isTerminal(f *os.File) bool {
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0 && os.Getenv("TERM") != "dumb"
}
