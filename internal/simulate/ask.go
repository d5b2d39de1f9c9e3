package simulate

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"time"
)

// question is a query to the public API.
type question struct {
	Metrics    []string    `json:"metrics"`
	Dimensions []string    `json:"dimensions,omitempty"`
	Where      []condition `json:"where,omitempty"`
	From       string      `json:"from,omitempty"`
	To         string      `json:"to,omitempty"`
	Grain      string      `json:"grain,omitempty"`
	Timezone   string      `json:"timezone,omitempty"`
	Compare    string      `json:"compare,omitempty"`
	Limit      int         `json:"limit,omitempty"`
}

type condition struct {
	Dimension string   `json:"dimension"`
	In        []string `json:"in"`
}

// table is an answer.
type table struct {
	Columns []struct {
		Name string `json:"name"`
	} `json:"columns"`
	Rows [][]any `json:"rows"`
	Meta struct {
		FreshTo         string             `json:"fresh_to"`
		Approximate     map[string]float64 `json:"approximate"`
		Truncated       bool               `json:"truncated"`
		Coverage        *float64           `json:"identity_coverage"`
		SuppressedCells []struct {
			Row    int    `json:"row"`
			Column string `json:"column"`
		} `json:"suppressed_cells"`
		BinMS      int64 `json:"bin_ms"`
		DurationMS int64 `json:"duration_ms"`
		Plays      int64 `json:"plays"`
	} `json:"meta"`
}

func (t *table) column(name string) int {
	for i := range t.Columns {
		if t.Columns[i].Name == name {
			return i
		}
	}
	return -1
}

// fresh is the moment up to which the answer holds everything, epoch ms, 0
// when there is nothing.
func (t *table) fresh() int64 {
	at, err := time.Parse(time.RFC3339Nano, t.Meta.FreshTo)
	if err != nil {
		return 0
	}
	return at.UnixMilli()
}

func (t *table) suppressed(row int, column string) bool {
	for _, c := range t.Meta.SuppressedCells {
		if c.Row == row && c.Column == column {
			return true
		}
	}
	return false
}

// cellTime is a cell of the time column in epoch ms.
func cellTime(cell any) (int64, error) {
	switch v := cell.(type) {
	case float64:
		return int64(v), nil
	case string:
		at, err := time.Parse(time.RFC3339Nano, v)
		if err != nil {
			return 0, fmt.Errorf("time %q of the answer: %w", v, err)
		}
		return at.UnixMilli(), nil
	}
	return 0, fmt.Errorf("time %v of the answer is neither text nor number", cell)
}

// api asks a server's public API.
type api struct {
	client *http.Client
	target string
	token  string
}

func (a *api) do(ctx context.Context, method, path string, body, into any) error {
	var data []byte
	if body != nil {
		var err error
		if data, err = json.Marshal(body); err != nil {
			return fmt.Errorf("write question: %w", err)
		}
	}
	req, err := http.NewRequestWithContext(ctx, method, a.target+path, bytes.NewReader(data))
	if err != nil {
		return fmt.Errorf("ask %s: %w", path, err)
	}
	if a.token != "" {
		req.Header.Set("Authorization", "Bearer "+a.token)
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := a.client.Do(req)
	if err != nil {
		return fmt.Errorf("ask %s: %w", path, err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(resp.Body, 256<<20))
	if err != nil {
		return fmt.Errorf("ask %s: %w", path, err)
	}
	if c := resp.StatusCode; c >= 400 && c < 500 && c != http.StatusTooManyRequests {
		return fmt.Errorf("%w: ask %s %s: %s: %s", errRefused, path, data, resp.Status, clip(answer))
	}
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("ask %s %s: %s: %s", path, data, resp.Status, clip(answer))
	}
	if err := json.Unmarshal(answer, into); err != nil {
		return fmt.Errorf("ask %s: the answer is not the JSON expected: %w", path, err)
	}
	return nil
}

// mostMetrics is how many metrics are asked for at once.
const mostMetrics = 8

// query asks; when there are many metrics, in parts that are put side by side.
func (a *api) query(ctx context.Context, q question) (*table, error) {
	if q.Limit == 0 {
		q.Limit = 100_000
	}
	if q.Timezone == "" {
		q.Timezone = "UTC"
	}
	t := &table{}
	if err := a.do(ctx, http.MethodPost, "/api/v1/query", q, t); err != nil {
		return nil, err
	}
	if t.Meta.Truncated {
		return nil, fmt.Errorf("the answer to %v was cut", q)
	}
	for i, row := range t.Rows {
		if len(row) != len(t.Columns) {
			return nil, fmt.Errorf("row %d of the answer has %d cells for %d columns", i, len(row), len(t.Columns))
		}
	}
	return t, nil
}

// metrics are the names of what the server can be asked.
func (a *api) metrics(ctx context.Context) ([]string, error) {
	var d struct {
		Metrics []struct {
			Name string `json:"name"`
		} `json:"metrics"`
	}
	if err := a.do(ctx, http.MethodGet, "/api/v1/metrics", nil, &d); err != nil {
		return nil, err
	}
	var names []string
	for _, m := range d.Metrics {
		names = append(names, m.Name)
	}
	slices.Sort(names)
	return names, nil
}

func (a *api) retention(ctx context.Context, title, by string) (*table, error) {
	path := "/api/v1/titles/" + url.PathEscape(title) + "/retention"
	if by != "" {
		path += "?by=" + url.QueryEscape(by)
	}
	t := &table{}
	return t, a.do(ctx, http.MethodGet, path, nil, t)
}

func stamped3339(ms int64) string {
	return time.UnixMilli(ms).UTC().Format("2006-01-02T15:04:05.000Z07:00")
}
