package app

import (
	"fmt"
	"io"
	"time"

	"playhead/internal/access"
)

// firstKey is the name of the write key that a first start makes.
const firstKey = "first"

// greet tells the operator where things are and how to send a first event.
func (s *server) greet(out io.Writer) error {
	if !s.settings.has("query") || !s.settings.has("collect") {
		fmt.Fprintf(out, "Playhead %s, %s\n  Listens on  %s\n", s.version, s.settings.Roles, s.url)
		if s.settings.has("query") {
			fmt.Fprintf(out, "  Sign in     %s/login?t=%s   (works once, for 15 minutes)\n", s.url, s.sessions.NewLink())
		}
		return nil
	}
	key, made, err := s.firstWriteKey()
	if err != nil {
		return err
	}
	fmt.Fprintf(out, `Playhead %s
  Dashboard   %s
  Sign in     %s/login?t=%s   (works once, for 15 minutes)

  Send a first event:
    curl %s/v1/events -H 'Authorization: Bearer %s' -d '{
      "type":"play_started","time":%d,"viewer_id":"me","play_id":"first-play","seq":0,"title_id":"my-first-title"}'
`, s.version, s.url, s.url, s.sessions.NewLink(), s.url, key, time.Now().UnixMilli())
	if !made {
		fmt.Fprintf(out, "  (a write key: playhead keys create --write --data-dir %s)\n", s.settings.DataDir)
	} else {
		fmt.Fprintf(out, "  (this write key is called %q and is not shown again)\n", firstKey)
	}
	return nil
}

// firstWriteKey makes a write key when there is none at all. Secrets are kept
// nowhere, so a later start can only show where one goes.
func (s *server) firstWriteKey() (key string, made bool, err error) {
	for _, k := range s.keys.List() {
		if k.Kind == access.Write {
			return "YOUR_WRITE_KEY", false, nil
		}
	}
	secret, _, err := s.keys.Create(access.Write, firstKey)
	if err != nil {
		return "", false, fmt.Errorf("make the first write key: %w", err)
	}
	return secret, true, nil
}
