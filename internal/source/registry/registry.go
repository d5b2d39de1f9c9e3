package registry

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"playhead/internal/source/records"
)

const (
	// timeout bounds one request.
	timeout = 10 * time.Second
	// maxAnswer bounds an answer, maxReferred the schemas that one refers to, and
	// maxKept those that are remembered.
	maxAnswer, maxReferred, maxKept = 4 << 20, 200, 10_000
	// absentFor is for how long a schema that is not there is not asked for again.
	absentFor = 10 * time.Second
)

// Options of New.
type Options struct {
	// URL is where the registry is, a path in front of its own included.
	URL string
	// User and Password are for basic authentication, unless User is "". Password
	// is asked for at each request, so that it can be changed.
	User     string
	Password func() (string, error)
	// TLS is nil for the system's.
	TLS   *tls.Config
	Clock func() time.Time
}

// Client asks a registry. It is safe for any number of goroutines.
type Client struct {
	o    Options
	http *http.Client

	mu     sync.Mutex
	known  map[int32]*records.Schema
	absent map[int32]time.Time
}

var _ records.Schemas = (*Client)(nil)

// New makes a client; it asks nothing yet.
func New(o Options) *Client {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.TLSClientConfig = o.TLS
	if o.Clock == nil {
		o.Clock = time.Now
	}
	o.URL = strings.TrimSuffix(o.URL, "/")
	return &Client{o: o, http: &http.Client{Transport: t, Timeout: timeout}, known: map[int32]*records.Schema{}, absent: map[int32]time.Time{}}
}

// answer is a registry's to both questions.
type answer struct {
	Schema     string      `json:"schema"`
	SchemaType string      `json:"schemaType"` // "" means AVRO
	References []reference `json:"references"`
}

type reference struct {
	Name    string `json:"name"`
	Subject string `json:"subject"`
	Version int    `json:"version"`
}

// Schema finds a schema by its number. Errors: records.ErrNoSchema, or why the
// registry could not be asked.
func (c *Client) Schema(ctx context.Context, id int32) (*records.Schema, error) {
	now := c.o.Clock()
	c.mu.Lock()
	known, until := c.known[id], c.absent[id]
	c.mu.Unlock()
	if known != nil {
		return known, nil
	}
	if now.Before(until) {
		return nil, records.ErrNoSchema
	}
	s, err := c.fetch(ctx, id)
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case err == nil:
		if len(c.known) >= maxKept {
			clear(c.known)
		}
		c.known[id] = s
	case errors.Is(err, records.ErrNoSchema):
		if len(c.absent) >= maxKept {
			clear(c.absent)
		}
		c.absent[id] = now.Add(absentFor)
	}
	return s, err
}

// Close lets go of connections.
func (c *Client) Close() { c.http.CloseIdleConnections() }

func (c *Client) fetch(ctx context.Context, id int32) (*records.Schema, error) {
	var a answer
	if err := c.get(ctx, "/schemas/ids/"+strconv.FormatInt(int64(id), 10), &a); err != nil {
		return nil, err
	}
	s := &records.Schema{Kind: a.SchemaType, Text: a.Schema}
	if s.Kind == "" {
		s.Kind = "AVRO"
	}
	seen := map[reference]bool{}
	return s, c.refer(ctx, s, a.References, seen)
}

// refer adds what is referred to, each behind what it refers to itself.
func (c *Client) refer(ctx context.Context, s *records.Schema, list []reference, seen map[reference]bool) error {
	for _, r := range list {
		if seen[r] {
			continue
		}
		if seen[r] = true; len(seen) > maxReferred {
			return fmt.Errorf("a schema refers to more than %d others", maxReferred)
		}
		var a answer
		if err := c.get(ctx, "/subjects/"+url.PathEscape(r.Subject)+"/versions/"+strconv.Itoa(r.Version), &a); err != nil {
			return fmt.Errorf("what is referred to as %s: %w", r.Name, err)
		}
		if err := c.refer(ctx, s, a.References, seen); err != nil {
			return err
		}
		s.Referred = append(s.Referred, records.Referred{Name: r.Name, Text: a.Schema})
	}
	return nil
}

// absent tells a registry that has no such schema from somebody who knows nothing
// of schemas: only that one's word may cost a record.
func absent(body io.Reader) error {
	var a struct {
		Code int `json:"error_code"`
	}
	if err := json.NewDecoder(io.LimitReader(body, 64<<10)).Decode(&a); err == nil && a.Code/100 == http.StatusNotFound {
		return records.ErrNoSchema
	}
	return errors.New("the schema registry answers 404 Not Found as no registry does: is the url that of one?")
}

// get asks for a path. Errors tell the registry's address without a password.
func (c *Client) get(ctx context.Context, path string, into *answer) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.o.URL+path, nil)
	if err != nil {
		return fmt.Errorf("ask the schema registry: its url is not one")
	}
	req.Header.Set("Accept", "application/vnd.schemaregistry.v1+json, application/json")
	if err := c.signIn(req); err != nil {
		return err
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return fmt.Errorf("ask the schema registry: %w", err)
	}
	defer resp.Body.Close()
	switch resp.StatusCode {
	case http.StatusOK:
	case http.StatusNotFound:
		return absent(resp.Body)
	case http.StatusUnauthorized, http.StatusForbidden:
		return fmt.Errorf("the schema registry answers %s: are the user and the password right?", resp.Status)
	default:
		return fmt.Errorf("the schema registry answers %s", resp.Status)
	}
	text, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	if err != nil {
		return fmt.Errorf("read the schema registry's answer: %w", err)
	}
	if len(text) > maxAnswer {
		return errors.New("the schema registry's answer is larger than 4 MiB")
	}
	if err := json.Unmarshal(text, into); err != nil || into.Schema == "" {
		return errors.New("the schema registry's answer has no schema: is the url that of a registry?")
	}
	return nil
}
