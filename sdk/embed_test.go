package sdk

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func get(t *testing.T, method string, header map[string]string) *http.Response {
	t.Helper()
	r := httptest.NewRequest(method, "/playhead.js", nil)
	for k, v := range header {
		r.Header.Set(k, v)
	}
	w := httptest.NewRecorder()
	Handler().ServeHTTP(w, r)
	return w.Result()
}

func TestHandler(t *testing.T) {
	plain := get(t, "GET", nil)
	for name, want := range map[string]string{
		"Content-Type":                "text/javascript; charset=utf-8",
		"Access-Control-Allow-Origin": "*",
		"Cache-Control":               "public, max-age=3600",
		"X-Content-Type-Options":      "nosniff",
		"Vary":                        "Accept-Encoding",
	} {
		if got := plain.Header.Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	if body, err := io.ReadAll(plain.Body); err != nil || !bytes.Equal(body, script) {
		t.Errorf("the body is not the script: %v", err)
	}
	packed := get(t, "GET", map[string]string{"Accept-Encoding": "br, gzip"})
	if packed.Header.Get("Content-Encoding") != "gzip" || packed.Header.Get("ETag") == plain.Header.Get("ETag") {
		t.Errorf("gzip was asked for: %v", packed.Header)
	}
	z, err := gzip.NewReader(packed.Body)
	if err != nil {
		t.Fatal(err)
	}
	if body, err := io.ReadAll(z); err != nil || !bytes.Equal(body, script) {
		t.Errorf("the unpacked body is not the script: %v", err)
	}
	if again := get(t, "GET", map[string]string{"If-None-Match": plain.Header.Get("ETag")}); again.StatusCode != http.StatusNotModified {
		t.Errorf("an unchanged script: %d, want 304", again.StatusCode)
	}
	if head := get(t, "HEAD", nil); head.StatusCode != http.StatusOK {
		t.Errorf("HEAD: %d", head.StatusCode)
	}
	if post := get(t, "POST", nil); post.StatusCode != http.StatusMethodNotAllowed {
		t.Errorf("POST: %d, want 405", post.StatusCode)
	}
	if off := get(t, "GET", map[string]string{"Accept-Encoding": "gzip;q=0"}); off.Header.Get("Content-Encoding") != "" {
		t.Error("gzip was refused and sent")
	}
}

// The promise of the documentation: under 4 kB, and nothing that a strict
// Content-Security-Policy forbids.
func TestScriptIsSmallAndStrict(t *testing.T) {
	if packed := pack(script); len(packed) == 0 || len(packed) >= 4000 {
		t.Errorf("%d bytes of gzip, want fewer than 4000", len(packed))
	}
	for _, word := range []string{"eval(", "new Function", "innerHTML", "document.write", "import("} {
		if strings.Contains(string(script), word) {
			t.Errorf("the script contains %q", word)
		}
	}
}
