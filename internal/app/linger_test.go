package app

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"testing"
)

func TestAnswerReachesClientThatIsStillSending(t *testing.T) {
	srv := httptest.NewServer(linger(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusRequestEntityTooLarge)
	})))
	defer srv.Close()
	body := bytes.Repeat([]byte("["), 10<<20)
	for range 20 {
		// One connection a request: a reset spoils the one it happens on.
		client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
		resp, err := client.Post(srv.URL, "application/json", bytes.NewReader(body))
		if err != nil {
			t.Fatalf("the answer was lost: %v", err)
		}
		_ = resp.Body.Close()
		if resp.StatusCode != http.StatusRequestEntityTooLarge {
			t.Fatalf("got %d, want 413", resp.StatusCode)
		}
	}
}
