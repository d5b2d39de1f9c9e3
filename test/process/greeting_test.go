package process

import (
	"net"
	"net/http"
	"regexp"
	"strings"
	"testing"
)

// What an empty folder's first start prints is enough to begin: the page, a
// sign-in that works once, and a command that sends an event which counts.
func TestServeSaysHowToBegin(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	said := s.out.String()
	_, port, err := net.SplitHostPort(s.addr)
	if err != nil {
		t.Fatal(err)
	}
	mustSay(t, said, ":"+port, "curl", "/v1/events")

	link := regexp.MustCompile(`/login\?\S+`).FindString(said)
	if link == "" {
		t.Fatalf("no sign-in link:\n%s", said)
	}
	browser := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	for visit, wantCookie := range []bool{true, false} {
		resp, err := browser.Get(s.url(link))
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if got := len(resp.Cookies()) > 0; got != wantCookie {
			t.Errorf("visit %d of the sign-in link: status %d, cookie %v, want %v", visit+1, resp.StatusCode, got, wantCookie)
		}
	}

	command := regexp.MustCompile(`(?s)Authorization: Bearer (\S+)' -d '(.*?)'`).FindStringSubmatch(said)
	if command == nil {
		t.Fatalf("no command that sends an event:\n%s", said)
	}
	got := s.send(command[1], []byte(strings.TrimSpace(command[2])), nil)
	if got.Accepted != 1 || len(got.Rejected) != 0 {
		t.Errorf("the printed event: %+v", got)
	}
	s.eventually(s.key("read"), map[string]float64{"plays": 1})
}
