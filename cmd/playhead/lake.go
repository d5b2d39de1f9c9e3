package main

import (
	"bufio"
	"context"
	"encoding/csv"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"playhead/internal/app"
	"playhead/internal/lake"
	"playhead/internal/lake/lakesql"
)

type lakeCmd struct {
	SQL     lakeSQLCmd     `cmd:"" name:"sql" help:"Ask the lake by SQL: the view events has every event once."`
	Check   lakeCheckCmd   `cmd:"" help:"Compare every file of the lake with the checksum it was written with."`
	Files   lakeFilesCmd   `cmd:"" help:"List the lake's files: period, events, bytes, path."`
	Rebuild lakeRebuildCmd `cmd:"" help:"Fill a new installation from a lake, as under another catalogue."`
}

type lakeSQLCmd struct {
	SQL     string `arg:"" name:"SQL" help:"The question, in DuckDB's SQL."`
	DataDir string `help:"The server's data folder; it may be running." default:"playhead-data" type:"path" placeholder:"DIR"`
	Format  string `help:"csv or json (an object a line)." default:"csv" enum:"csv,json"`
	Memory  int    `help:"Memory that DuckDB may use, MiB." default:"1024" placeholder:"MIB"`
}

func (lakeSQLCmd) Help() string {
	return `Columns: docs/lake.md. An encrypted lake cannot be asked this way: DuckDB does not read it; pyarrow and Spark do.

Example:
  playhead lake sql "SELECT title_id, count(*) AS n FROM events WHERE type = 'select' GROUP BY 1 ORDER BY n DESC LIMIT 10"`
}

func (c *lakeSQLCmd) Run(ctx context.Context) (err error) {
	db, err := lakesql.Open(ctx, lakesql.Options{MemoryMB: c.Memory})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	buffered := bufio.NewWriter(os.Stdout)
	table, lines := csv.NewWriter(buffered), json.NewEncoder(buffered)
	var names []string
	header := func(n []string) error {
		names = n
		if c.Format == "csv" {
			return table.Write(n)
		}
		return nil
	}
	row := func(values []any) error {
		if c.Format == "csv" {
			texts := make([]string, len(values))
			for i, v := range values {
				texts[i] = textOf(v)
			}
			return table.Write(texts)
		}
		object := make(map[string]any, len(values))
		for i, v := range values {
			if b, ok := v.([]byte); ok {
				v = hex.EncodeToString(b)
			}
			object[names[i]] = v
		}
		return lines.Encode(object)
	}
	if err := db.Query(ctx, app.LakeFolder(c.DataDir), c.SQL, header, row); err != nil {
		return err
	}
	table.Flush()
	return errors.Join(table.Error(), buffered.Flush())
}

// textOf is a value in a table: times as RFC 3339, ids in hexadecimal.
func textOf(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case []byte:
		return hex.EncodeToString(v)
	case time.Time:
		return v.UTC().Format(time.RFC3339Nano)
	case string:
		return v
	case map[string]any, []any:
		data, err := json.Marshal(v)
		if err == nil {
			return string(data)
		}
	}
	return fmt.Sprint(v)
}

type lakeCheckCmd struct {
	DataDir string `help:"The server's data folder; it may be running." default:"playhead-data" type:"path" placeholder:"DIR"`
}

func (lakeCheckCmd) Help() string {
	return `It reads all of the lake, and exits with 0 only if every file is what was written. Merges and rebuilds look by themselves.

Example:
  playhead lake check --data-dir playhead-data`
}

func (c *lakeCheckCmd) Run(ctx context.Context) error {
	files, err := lake.Check(ctx, app.LakeFolder(c.DataDir))
	if err == nil {
		fmt.Printf("%d files are as they were written\n", files)
	}
	return err
}

type lakeFilesCmd struct {
	DataDir string `help:"The server's data folder; it may be running." default:"playhead-data" type:"path" placeholder:"DIR"`
}

func (lakeFilesCmd) Help() string {
	return `Example:
  playhead lake files --data-dir playhead-data | awk '{print $4}' > files.txt`
}

func (c *lakeFilesCmd) Run() error {
	dir := app.LakeFolder(c.DataDir)
	files, err := lake.ListFiles(dir)
	if err != nil {
		return err
	}
	for _, f := range files {
		fmt.Printf("%s\t%d\t%d\t%s\n", f.Period, f.Rows, f.Bytes, filepath.Join(dir, filepath.FromSlash(f.Path())))
	}
	return nil
}

type lakeRebuildCmd struct {
	From         string `arg:"" name:"LAKE" help:"The folder of a lake, such as old-data/lake; it is only read." type:"existingdir"`
	OldLog       string `help:"The log that the lake is of, for what came after it; it is only read. Usually the one beside the lake; none leaves it out." placeholder:"DIR"`
	app.Settings `embed:""`
}

func (lakeRebuildCmd) Help() string {
	return `Every event is processed again under this installation's catalogue: those of the lake, and from the old log, if it is beside the lake,
those that came after. The old server must be stopped. Viewers keep their pseudonyms: copy ring.json from the old
data folder too, or viewers who come again are taken for new ones. A rebuild that was cut short can be run again.

Example:
  mkdir new-data && cp old-data/ring.json old-data/keys.json new-data/
  playhead lake rebuild old-data/lake --data-dir new-data --catalog titles.yaml
  playhead serve --data-dir new-data --catalog titles.yaml`
}

func (c *lakeRebuildCmd) Run(ctx context.Context) error {
	return settled(app.Rebuild(ctx, app.RebuildOptions{Settings: c.Settings, From: c.From, FromLog: c.OldLog, Out: os.Stdout, Log: os.Stderr}))
}
