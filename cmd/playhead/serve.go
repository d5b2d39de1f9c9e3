package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/alecthomas/kong"

	"playhead/internal/app"
)

type serveCmd struct {
	Config       configFile `help:"YAML file with any of these settings." placeholder:"FILE"`
	ServeMoved   bool       `help:"Serve from a data folder all the same whose installation playhead migrate has moved elsewhere: what comes in is then nowhere else."`
	app.Settings `embed:""`
}

func (serveCmd) Help() string {
	return `Example:
  playhead serve --listen :8080 --data-dir /var/lib/playhead
  PLAYHEAD_LISTEN=:9000 playhead serve --config playhead.yaml`
}

func (c *serveCmd) Run(ctx context.Context) error {
	return settled(app.Serve(ctx, app.Options{Settings: c.Settings, Version: version, ServeMoved: c.ServeMoved, Out: os.Stdout, Log: os.Stderr}))
}

// settled turns wrong settings into wrong usage.
func settled(err error) error {
	if errors.Is(err, app.ErrSettings) {
		return fmt.Errorf("%w: %w", errUsage, err)
	}
	return err
}

// configFile reads settings from a file into flags that were not given.
type configFile string

// BeforeResolve is called by kong when the flag is present.
func (f configFile) BeforeResolve(ctx *kong.Context, trace *kong.Path) error {
	path := string(ctx.FlagValue(trace.Flag).(configFile))
	values, err := app.ReadConfig(path)
	if err != nil {
		return err
	}
	ctx.AddResolver(kong.ResolverFunc(func(_ *kong.Context, _ *kong.Path, flag *kong.Flag) (any, error) {
		for _, name := range flag.Envs {
			if _, set := os.LookupEnv(name); set {
				return nil, nil
			}
		}
		if v, ok := values[flag.Name]; ok {
			return v, nil
		}
		return nil, nil
	}))
	return nil
}
