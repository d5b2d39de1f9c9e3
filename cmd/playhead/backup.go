package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"

	"playhead/internal/backup"
)

type backupCmd struct {
	Dir    string `arg:"" name:"DIR" help:"New or empty folder for the backup." type:"path"`
	Target string `help:"URL of the server." default:"http://localhost:8080" placeholder:"URL"`
	Token  string `help:"Read token of an admin (playhead keys create --read --role admin)." required:"" placeholder:"T"`
}

func (backupCmd) Help() string {
	return `The server goes on meanwhile. The backup has the keys and the pseudonym ring in it: keep it as safe as the data folder.

Example:
  playhead backup /backups/2026-11-26 --token phr_…`
}

func (c *backupCmd) Run(ctx context.Context) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimRight(c.Target, "/")+"/api/v1/backup", nil)
	if err != nil {
		return fmt.Errorf("%w: target: %w", errUsage, err)
	}
	req.Header.Set("Authorization", "Bearer "+c.Token)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return fmt.Errorf("ask the server: %w", err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		said, _ := io.ReadAll(io.LimitReader(resp.Body, 1000)) // what there is of it
		return fmt.Errorf("the server makes no backup (%s): %s", resp.Status, strings.TrimSpace(string(said)))
	}
	list, err := backup.Read(ctx, resp.Body, c.Dir)
	if err != nil {
		return err
	}
	fmt.Printf("%s: %d files, %.1f MB\n", c.Dir, len(list.Files), float64(list.Bytes())/1e6)
	return nil
}

type restoreCmd struct {
	Dir     string `arg:"" name:"DIR" help:"Folder that playhead backup made." type:"existingdir"`
	DataDir string `help:"New or empty data folder." required:"" type:"path" placeholder:"DIR"`
}

func (restoreCmd) Help() string {
	return `Each file is checked. The restored server catches up by itself from the log that is in the backup.

Example:
  playhead restore /backups/2026-11-26 --data-dir playhead-data && playhead serve --data-dir playhead-data`
}

func (c *restoreCmd) Run(ctx context.Context) error {
	list, err := backup.Restore(ctx, c.Dir, c.DataDir)
	if err != nil {
		return err
	}
	fmt.Printf("%s is as of %s: %d files, %.1f MB\n", c.DataDir, list.Made.Format("2006-01-02 15:04:05 UTC"), len(list.Files), float64(list.Bytes())/1e6)
	return nil
}
