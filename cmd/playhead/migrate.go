package main

import (
	"context"
	"os"

	"playhead/internal/app"
)

type migrateCmd struct {
	Config       configFile `help:"YAML file with any of these settings." placeholder:"FILE"`
	To           string     `help:"Data folder of the new house's process that loads; new, or that of a move that was broken off. Default: the old one's name with -on-kafka." type:"path" placeholder:"DIR"`
	Prepare      bool       `help:"Only make the topics and tell keys, people and titles, while the old server runs: collectors of the new house may start then."`
	DryRun       bool       `help:"Say what there is to move, look whether it can be, and change nothing."`
	app.Settings `embed:""`
}

func (migrateCmd) Help() string {
	return `--data-dir is the installation that moves, whose server must be stopped (but for --prepare); --kafka… and --warehouse say where to, as for serve.
Name --catalog and --ring-file if its server is started with them. What is broken off is run again: it goes on, and nothing counts twice.
The old folder is left as it is. docs/migrate.md has the steps, and how clients lose nothing meanwhile.

Example:
  playhead migrate --data-dir /var/lib/playhead --kafka kafka-1:9092,kafka-2:9092 --warehouse clickhouse://ch-1/playhead --to /var/lib/playhead-load`
}

func (c *migrateCmd) Run(ctx context.Context) error {
	return settled(app.Migrate(ctx, app.MigrateOptions{Settings: c.Settings, To: c.To, Prepare: c.Prepare, DryRun: c.DryRun, Out: os.Stdout, Log: os.Stderr}))
}
