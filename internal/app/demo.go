package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"strings"
	"time"

	"playhead/internal/access"
	"playhead/internal/catalog"
	"playhead/internal/demoplayer"
	"playhead/internal/simulate"
	"playhead/internal/warehouse/duck"
)

// DemoOptions say what demo runs.
type DemoOptions struct {
	Listen, DataDir string
	// Viewers watch at once; HistoryDays of past are filled in, newest first.
	Viewers, HistoryDays int
	Seed                 uint64
	// Open opens a browser when there is one.
	Open     bool
	LogLevel string
	// DebugListen is where Go's profiler listens; "" is nowhere.
	DebugListen string
	Version     string
	Out, Log    io.Writer
}

// Demo runs the server with an invented catalogue, a synthetic audience and a
// page with a real player, until ctx ends.
func Demo(ctx context.Context, o DemoOptions) error {
	if o.Viewers < 0 || o.Viewers > 1_000_000 || o.HistoryDays < 0 || o.HistoryDays > 60 {
		return fmt.Errorf("%w: --viewers is 0 to 1,000,000 and --history-days 0 to 60", ErrSettings)
	}
	if o.Viewers == 0 {
		o.HistoryDays = 0 // an empty house has no past either
	}
	past, err := openPast(o)
	if err != nil {
		return err
	}
	cat, err := demoCatalog(o.Seed, past.End)
	if err != nil {
		return err
	}
	settings := DefaultSettings()
	settings.Listen, settings.DataDir, settings.LogLevel = o.Listen, o.DataDir, o.LogLevel
	settings.DebugListen = o.DebugListen
	settings.RetainEvents, settings.Lake = 2*time.Minute, "off" // nobody rebuilds a demo, and merging files takes memory
	// The demo runs beside whatever else a laptop does: memory before speed.
	settings.MemoryLimit, settings.WarehouseMemory, settings.LogMemory, settings.LoadMemory = 126, 64, 16, 22
	settings.Partitions = 4 // each has a little of its own
	debug.SetGCPercent(50)
	duck.GiveBack()
	s, err := newServer(ctx, Options{Settings: settings, Version: o.Version, Out: o.Out, Log: o.Log}, cat, true)
	if err != nil {
		return err
	}
	err = s.demonstrate(ctx, o, past)
	return errors.Join(err, s.close())
}

func (s *server) demonstrate(ctx context.Context, o DemoOptions, past *past) error {
	audience, err := s.freshKey("demo-audience", access.Write)
	if err != nil {
		return err
	}
	player, err := s.freshKey("demo-player", access.Write)
	if err != nil {
		return err
	}
	token, err := s.freshKey("demo-reader", access.Read)
	if err != nil {
		return err
	}
	page, err := demoplayer.Handler(demoplayer.Config{WriteKey: player, Titles: []demoplayer.Title{{
		ID: clipID, Name: clipName, Note: "A minute of test pictures, played by hls.js", Artwork: "/art/" + clipID + "/still.svg",
	}}})
	if err != nil {
		return err
	}
	s.mux.Handle("GET "+demoplayer.Mount, page)
	history, err := newPastFiller(s, o, past)
	if err != nil {
		return err
	}
	s.history = history.progress
	seen := past.Seen
	list := append([]stage{
		{"watch", history.watch},
		{"audience", func(ctx context.Context) error {
			if err := s.waitReady(ctx); err != nil || o.Viewers == 0 {
				return err
			}
			return simulate.Crowd(ctx, simulate.CrowdOptions{
				Target: localURL(s.listener), Key: audience, Seed: o.Seed, Viewers: int64(o.Viewers), Catalog: s.catalog, NotBefore: seen, Out: o.Log,
			})
		}},
		{"history", func(ctx context.Context) error {
			if err := s.waitReady(ctx); err != nil {
				return err
			}
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-time.After(pastDelay):
			}
			return history.run(ctx)
		}},
	}, s.stages()...)
	s.greetDemo(o, token)
	if o.Open {
		openBrowser(s.url)
	}
	return stages(ctx, s.log, stopGrace, list)
}

// The clip that the player's page plays is a title of its own.
const (
	clipID   = "demo-clip"
	clipName = "The Test Card"
)

func demoCatalog(seed uint64, day time.Time) (*catalog.Catalog, error) {
	titles := catalog.DemoAsOf(seed, day).Titles()
	return catalog.New(append(titles, catalog.Title{
		ID: clipID, Name: clipName, Kind: catalog.Special, Year: day.Year(), RuntimeMS: 72_000, Genres: []string{"Demo"}, Hue: 200, Launched: day.UnixMilli(),
	}))
}

// freshKey replaces the key of a name.
func (s *server) freshKey(name string, kind access.Kind) (string, error) {
	if _, err := s.keys.Revoke(name); err != nil && !errors.Is(err, access.ErrUnknown) {
		return "", fmt.Errorf("replace the demo's key %s: %w", name, err)
	}
	secret, _, err := s.keys.Create(kind, name)
	if err != nil {
		return "", fmt.Errorf("make the demo's key %s: %w", name, err)
	}
	return secret, nil
}

func (s *server) waitReady(ctx context.Context) error {
	t := time.NewTicker(20 * time.Millisecond)
	defer t.Stop()
	for s.ready() != nil {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-t.C:
		}
	}
	return nil
}

func (s *server) greetDemo(o DemoOptions, token string) {
	fmt.Fprintf(o.Out, `
  Playhead %s, with an invented audience of %s viewers at once.

    Dashboard     %s
    Play yourself %s/demo/player   (a real player; watch yourself on the dashboard)

    Ask it        curl -s %s/api/v1/query -H 'Authorization: Bearer %s' \
                    -d '{"metrics":["plays","viewers","media_hours"],"dimensions":["title"],"limit":5}'

  %d days of history fill in behind, newest first. Data: %s   Stop: Ctrl-C

`, s.version, thousands(o.Viewers), s.url, s.url, s.url, token, o.HistoryDays, o.DataDir)
}

func thousands(n int) string {
	text := fmt.Sprint(n)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}

// openBrowser shows the dashboard where there is a screen; without one the
// printed address does.
func openBrowser(url string) {
	name := "xdg-open"
	if runtime.GOOS == "darwin" {
		name = "open"
	} else if os.Getenv("DISPLAY") == "" && os.Getenv("WAYLAND_DISPLAY") == "" {
		return
	}
	path, err := exec.LookPath(name)
	if err != nil || !strings.HasPrefix(url, "http") {
		return
	}
	cmd := exec.Command(path, url)
	if cmd.Start() == nil {
		_ = cmd.Process.Release() // the browser lives on by itself
	}
}
