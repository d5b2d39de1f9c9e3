package registry

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
)

// ErrRefused: the registry will not have the schema, and asking again is of no use.
var ErrRefused = errors.New("the schema registry refuses it")

// Register is the number of an Avro schema under a subject. Where the subject has it
// nothing is written, so that a user who may only read can ask; else it becomes the
// subject's newest version. Errors: ErrRefused, or why the registry could not be asked.
func (c *Client) Register(ctx context.Context, subject, schema string) (int32, error) {
	body, err := json.Marshal(map[string]string{"schema": schema})
	if err != nil {
		return 0, fmt.Errorf("write the schema: %w", err)
	}
	path := "/subjects/" + url.PathEscape(subject)
	id, status, err := c.post(ctx, path, body)
	if err == nil && status == http.StatusNotFound {
		id, status, err = c.post(ctx, path+"/versions", body)
	}
	switch {
	case err != nil:
		return 0, err
	case status == http.StatusNotFound:
		return 0, errors.New("the schema registry answers 404 Not Found: is the url that of one?")
	case status == http.StatusUnauthorized || status == http.StatusForbidden:
		return 0, fmt.Errorf("%w: it answers %d: are the user and the password right, and may they register under %s?", ErrRefused, status, subject)
	}
	return id, nil
}

// post asks about a schema. The status is 200, 401, 403 or 404 where there is no error.
func (c *Client) post(ctx context.Context, path string, body []byte) (id int32, status int, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.o.URL+path, bytes.NewReader(body))
	if err != nil {
		return 0, 0, errors.New("ask the schema registry: its url is not one")
	}
	req.Header.Set("Content-Type", "application/vnd.schemaregistry.v1+json")
	req.Header.Set("Accept", "application/vnd.schemaregistry.v1+json, application/json")
	if err := c.signIn(req); err != nil {
		return 0, 0, err
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return 0, 0, fmt.Errorf("ask the schema registry: %w", err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return 0, 0, fmt.Errorf("read the schema registry's answer: %w", err)
	}
	var a struct {
		ID      *int32 `json:"id"`
		Message string `json:"message"`
	}
	readable := json.Unmarshal(text, &a) == nil
	switch resp.StatusCode {
	case http.StatusOK:
		if !readable || a.ID == nil || *a.ID < 0 {
			return 0, 0, errors.New("the schema registry's answer has no number: is the url that of a registry?")
		}
		return *a.ID, resp.StatusCode, nil
	case http.StatusNotFound, http.StatusUnauthorized, http.StatusForbidden:
		return 0, resp.StatusCode, nil
	case http.StatusConflict, http.StatusUnprocessableEntity:
		return 0, 0, fmt.Errorf("%w: %s: %s", ErrRefused, resp.Status, strconv.Quote(a.Message))
	}
	return 0, 0, fmt.Errorf("the schema registry answers %s", resp.Status)
}

// signIn says who asks, if anybody is to.
func (c *Client) signIn(req *http.Request) error {
	if c.o.User == "" {
		return nil
	}
	password, err := c.o.Password()
	if err != nil {
		return fmt.Errorf("ask the schema registry: %w", err)
	}
	req.SetBasicAuth(c.o.User, password)
	return nil
}
