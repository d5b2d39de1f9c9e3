package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"playhead/internal/catalog"
	"playhead/internal/simulate"
)

type simulateCmd struct {
	Target   string        `help:"URL of the server." default:"http://localhost:8080" placeholder:"URL"`
	Key      string        `help:"Write key (playhead keys create --write)." placeholder:"K"`
	Seed     uint64        `help:"The same seed and options give the same audience." default:"1"`
	Events   int64         `help:"Events to send, exactly." xor:"length" placeholder:"N"`
	Duration time.Duration `help:"Simulated time to send, instead of a number of events." xor:"length" placeholder:"D"`
	Viewers  int64         `help:"How many people there are (default 20000, of a world 2000)." placeholder:"N"`
	World    string        `help:"A world with something on purpose: planted (for insights to find), null, position, personalised, simpson, novelty or unequal (with nothing to find). Over 29 days, of a catalogue of its own." placeholder:"NAME"`
	Titles   string        `help:"Write the catalogue of the world to this file, for the server, and send nothing." type:"path" placeholder:"FILE"`
	Speed    float64       `help:"Times real time; 0 is as fast as the server takes it, in the past few hours." default:"0" placeholder:"X"`
	End      time.Time     `help:"When simulated time ends (RFC 3339), so that a run can be repeated; left out: now." placeholder:"TIME"`
	Truth    string        `help:"Where to write the truth, for verify." type:"path" placeholder:"FILE"`
	Workers  int           `help:"Connections that send at once." default:"4" placeholder:"N"`
}

func (simulateCmd) Help() string {
	return `Example:
  playhead simulate --key $KEY --seed 7 --events 500000 --truth truth.json
  playhead simulate --world planted --titles titles.yaml
  playhead serve --catalog titles.yaml
  playhead simulate --world planted --key $KEY --events 500000 --truth truth.json`
}

func (c *simulateCmd) Run(ctx context.Context) error {
	if c.Titles != "" {
		return c.writeTitles()
	}
	if c.Events == 0 && c.Duration == 0 {
		return fmt.Errorf("%w: say how much to send: --events N or --duration D", errUsage)
	}
	o := simulate.Options{
		Target: c.Target, Key: c.Key, Seed: c.Seed, Events: c.Events, Duration: c.Duration, Viewers: c.Viewers,
		Speed: c.Speed, Truth: c.Truth, Workers: c.Workers, World: c.World, End: c.End, Out: os.Stderr,
	}
	if err := o.Validate(); err != nil {
		return fmt.Errorf("%w: %w", errUsage, err)
	}
	return simulate.Run(ctx, o)
}

// writeTitles writes the catalogue that a world watches.
func (c *simulateCmd) writeTitles() error {
	if c.World == "" {
		return fmt.Errorf("%w: --titles is the catalogue of a world: say which with --world", errUsage)
	}
	data, err := catalog.Encode(simulate.WorldCatalog(time.Now()))
	if err != nil {
		return err
	}
	if err := os.WriteFile(c.Titles, data, 0o644); err != nil {
		return fmt.Errorf("write the world's catalogue: %w", err)
	}
	return nil
}

type verifyCmd struct {
	Target string `help:"URL of the server." default:"http://localhost:8080" placeholder:"URL"`
	Token  string `help:"Read token (playhead keys create --read)." required:"" placeholder:"T"`
	Truth  string `help:"The file that simulate wrote." required:"" type:"path" placeholder:"FILE"`
}

func (verifyCmd) Help() string {
	return `It exits with 0 only if every exact metric is equal and every approximate one is within its stated bound.

Example:
  playhead verify --token $TOKEN --truth truth.json`
}

func (c *verifyCmd) Run(ctx context.Context) error {
	return simulate.Verify(ctx, simulate.Options{Target: c.Target, Token: c.Token, Truth: c.Truth, Out: os.Stdout})
}
