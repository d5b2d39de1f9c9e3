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
	"time"
)

type queryCmd struct {
	JSON   string `arg:"" help:"The query, as POST /api/v1/query takes it; - reads it from standard input."`
	Target string `help:"URL of the server." default:"http://localhost:8080" placeholder:"URL"`
	Token  string `help:"Read token (playhead keys create --read)." required:"" placeholder:"T"`
}

func (queryCmd) Help() string {
	return `Example:
  playhead query '{"metrics":["plays","viewers"],"dimensions":["title"],"limit":10}' --token phr_…`
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
	fmt.Println(strings.TrimSpace(pretty.String()))
	return nil
}
