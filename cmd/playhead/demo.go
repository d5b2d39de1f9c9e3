package main

import (
	"context"
	"os"

	"playhead/internal/app"
)

type demoCmd struct {
	Listen      string `help:"Address to listen on." default:":8080" placeholder:"HOST:PORT"`
	DataDir     string `help:"Folder for the demo's data; kept between runs." default:"demo-data" type:"path" placeholder:"DIR"`
	Viewers     int    `help:"Viewers watching at once." default:"20000" placeholder:"N"`
	HistoryDays int    `help:"Days of history that are filled in the background, newest first." default:"35" placeholder:"N"`
	NoOpen      bool   `help:"Do not open a browser."`
	Seed        uint64 `help:"Another seed is another audience." default:"1"`
	DebugListen string `help:"Address for Go's profiler (pprof); none by default." placeholder:"HOST:PORT"`
	LogLevel    string `help:"debug, info, warn or error." default:"warn" enum:"debug,info,warn,error"`
}

func (demoCmd) Help() string {
	return `Example:
  playhead demo
  playhead demo --viewers 2000 --listen 127.0.0.1:9000 --no-open`
}

func (c *demoCmd) Run(ctx context.Context) error {
	return settled(app.Demo(ctx, app.DemoOptions{
		Listen: c.Listen, DataDir: c.DataDir, Viewers: c.Viewers, HistoryDays: c.HistoryDays,
		Open: !c.NoOpen, Seed: c.Seed, LogLevel: c.LogLevel, DebugListen: c.DebugListen, Version: version, Out: os.Stdout, Log: os.Stderr,
	}))
}
