// Command playhead is the whole platform in one binary. Each verb is one file
// beside this one.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"
)

// version is set when a release is built.
var version = "dev"

// commands is the command line; each verb's file holds its flags, its help and
// its Run.
type commands struct {
	Serve    serveCmd    `cmd:"" help:"Run the server."`
	Demo     demoCmd     `cmd:"" help:"Run the server with an invented catalogue and a synthetic audience."`
	Keys     keysCmd     `cmd:"" help:"Create, list and revoke write keys and read tokens."`
	Query    queryCmd    `cmd:"" help:"Ask a running server for numbers."`
	Config   configCmd   `cmd:"" help:"Check a configuration file."`
	Simulate simulateCmd `cmd:"" help:"Send a deterministic synthetic audience and write down the truth about it."`
	Verify   verifyCmd   `cmd:"" help:"Compare a server's numbers with the truth that simulate wrote."`
	Replay   replayCmd   `cmd:"" help:"Send files of events, or import them as history."`
	Backup   backupCmd   `cmd:"" help:"Copy everything that a running server stores to a folder."`
	Restore  restoreCmd  `cmd:"" help:"Make a data folder of a backup."`
	Migrate  migrateCmd  `cmd:"" help:"Move an installation to Kafka, and to ClickHouse."`
	Lake     lakeCmd     `cmd:"" help:"Ask the lake of events by SQL, or list its files."`
	Schema   schemaCmd   `cmd:"" help:"Print the Avro schema of what is in a topic on Kafka."`
	Version  versionCmd  `cmd:"" help:"Print the version."`
}

// errUsage marks mistakes of the caller: exit status 2.
var errUsage = errors.New("wrong usage")

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:])
	stop()
	os.Exit(code)
}

func run(ctx context.Context, args []string) int {
	var c commands
	exited := -1
	parser, err := kong.New(&c,
		kong.Name("playhead"),
		kong.Description("Real-time audience analytics for streaming video, in one binary.\n\nTry: playhead demo"),
		kong.DefaultEnvars("PLAYHEAD"),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, WrapUpperBound: 100}),
		kong.Exit(func(code int) { exited = code }),
		kong.BindTo(ctx, (*context.Context)(nil)),
	)
	if err != nil {
		fmt.Fprintln(os.Stderr, "playhead:", err)
		return 1
	}
	if len(args) == 0 {
		args = []string{"--help"}
	}
	kctx, err := parser.Parse(args)
	if exited >= 0 { // --help was answered
		return exited
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "playhead: %v\nTry: playhead --help\n", err)
		return 2
	}
	err = kctx.Run()
	switch {
	case err == nil:
		return 0
	case errors.Is(err, errUsage):
		fmt.Fprintf(os.Stderr, "playhead: %v\n", err)
		return 2
	default:
		fmt.Fprintf(os.Stderr, "playhead: %v\n", err)
		return 1
	}
}
