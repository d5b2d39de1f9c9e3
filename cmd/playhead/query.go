package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"text/tabwriter"
	"time"
)

type queryCmd struct {
	JSON   string `arg:"" help:"The query, as POST /api/v1/query takes it; - reads it from standard input."`
	Target string `help:"URL of the server." default:"http://localhost:8080" placeholder:"URL"`
	Token  string `help:"Read token (playhead keys create --read)." required:"" placeholder:"T"`
	Format string `help:"table, csv, or json, which says how the answer came about too." default:"json" enum:"table,csv,json"`
}

func (queryCmd) Help() string {
	return `Example:
  playhead query '{"metrics":["plays","viewers"],"dimensions":["title"],"limit":10}' --token phr_… --format table`
}

func (c *queryCmd) Run(ctx context.Context) error {
	body := []byte(c.JSON)
	if c.JSON == "-" {
		read, err := io.ReadAll(os.Stdin)
		if err != nil {
			return fmt.Errorf("read the query: %w", err)
		}
		body = read
	}
	if !json.Valid(body) {
		return fmt.Errorf("%w: the query is not JSON; quote it as in playhead query --help", errUsage)
	}
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, strings.TrimRight(c.Target, "/")+"/api/v1/query", bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("%w: target: %w", errUsage, err)
	}
	req.Header.Set("Content-Type", "application/json")
	if c.Format == "csv" {
		req.Header.Set("Accept", "text/csv")
	}
	req.Header.Set("Authorization", "Bearer "+c.Token)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return fmt.Errorf("ask the server: %w", err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		return fmt.Errorf("read the answer: %w", err)
	}
	var pretty bytes.Buffer
	if json.Indent(&pretty, answer, "", "  ") != nil {
		pretty.Write(answer)
	}
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("the server answered %s\n%s", resp.Status, pretty.String())
	}
	if c.Format == "table" {
		return writeTable(os.Stdout, answer)
	}
	fmt.Println(strings.TrimSpace(pretty.String()))
	return nil
}

// writeTable prints an answer in columns, and after it what a reader should know.
func writeTable(out io.Writer, answer []byte) error {
	var res struct {
		Columns []struct{ Name, Type string }
		Rows    [][]any
		Totals  [][]any
		Meta    struct {
			From, To string
			Warnings []string
		}
	}
	dec := json.NewDecoder(bytes.NewReader(answer))
	dec.UseNumber()
	if err := dec.Decode(&res); err != nil {
		return fmt.Errorf("read the answer: %w", err)
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	names := make([]string, len(res.Columns))
	for i, c := range res.Columns {
		names[i] = c.Name
	}
	fmt.Fprintln(w, strings.Join(names, "\t"))
	for _, row := range append(res.Rows, res.Totals...) {
		for i, v := range row {
			text := fmt.Sprint(v)
			if v == nil {
				text = "–"
			}
			if i > 0 {
				text = "\t" + text
			}
			fmt.Fprint(w, text)
		}
		fmt.Fprintln(w)
	}
	if err := w.Flush(); err != nil {
		return fmt.Errorf("print the answer: %w", err)
	}
	fmt.Fprintf(out, "\n%s to %s\n", res.Meta.From, res.Meta.To)
	for _, text := range res.Meta.Warnings {
		fmt.Fprintln(out, text)
	}
	return nil
}
