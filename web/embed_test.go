package web

import (
	"compress/gzip"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"path"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"
)

func get(t *testing.T, handler http.Handler, target, encoding string) *http.Response {
	t.Helper()
	request := httptest.NewRequest(http.MethodGet, target, nil)
	request.Header.Set("Accept-Encoding", encoding)
	recorder := httptest.NewRecorder()
	handler.ServeHTTP(recorder, request)
	return recorder.Result()
}

func build() fstest.MapFS {
	long := strings.Repeat("the same again and again; ", 100)
	return fstest.MapFS{
		"index.html":           {Data: []byte("<!doctype html>" + long)},
		"theme.js":             {Data: []byte("//" + long)},
		"assets/app-abc123.js": {Data: []byte("//" + long)},
		"assets/f-abc.woff2":   {Data: []byte("wOF2")},
	}
}

func TestServe(t *testing.T) {
	handler := newHandler(build())
	tests := []struct {
		target string
		status int
		kind   string
		cache  string
	}{
		{"/", 200, "text/html; charset=utf-8", "no-cache"},
		{"/live?range=24h", 200, "text/html; charset=utf-8", "no-cache"},
		{"/titles/a.b%2Fc", 200, "text/html; charset=utf-8", "no-cache"},
		{"/theme.js", 200, "text/javascript; charset=utf-8", "no-cache"},
		{"/assets/app-abc123.js", 200, "text/javascript; charset=utf-8", "public, max-age=31536000, immutable"},
		{"/assets/f-abc.woff2", 200, "font/woff2", "public, max-age=31536000, immutable"},
		{"/assets/gone-000.js", 404, "", ""},
		{"/api/v1/nothing", 404, "", ""},
		{"/art/t/poster.svg", 404, "", ""},
		{"/../../etc/passwd", 200, "text/html; charset=utf-8", "no-cache"},
	}
	for _, test := range tests {
		response := get(t, handler, test.target, "")
		if response.StatusCode != test.status {
			t.Errorf("%s: status %d, want %d", test.target, response.StatusCode, test.status)
			continue
		}
		if test.status != 200 {
			if got := response.Header.Get("Content-Type"); got != "application/problem+json" {
				t.Errorf("%s: type %q, want problem details", test.target, got)
			}
			continue
		}
		if got := response.Header.Get("Content-Type"); got != test.kind {
			t.Errorf("%s: type %q, want %q", test.target, got, test.kind)
		}
		if got := response.Header.Get("Cache-Control"); got != test.cache {
			t.Errorf("%s: cache %q, want %q", test.target, got, test.cache)
		}
	}
}

func TestGzip(t *testing.T) {
	handler := newHandler(build())
	plain, err := io.ReadAll(get(t, handler, "/", "identity").Body)
	if err != nil {
		t.Fatal(err)
	}
	for encoding, want := range map[string]string{
		"gzip, deflate, br": "gzip", "*": "gzip", "gzip;q=0.5": "gzip", "gzip; q=0": "", "br": "", "": "",
	} {
		response := get(t, handler, "/", encoding)
		if got := response.Header.Get("Content-Encoding"); got != want {
			t.Errorf("accept %q: encoding %q, want %q", encoding, got, want)
			continue
		}
		if want == "" {
			continue
		}
		reader, err := gzip.NewReader(response.Body)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(reader)
		if err != nil || string(body) != string(plain) {
			t.Errorf("accept %q: unpacked body differs (%v)", encoding, err)
		}
	}
}

func TestNotModified(t *testing.T) {
	handler := newHandler(build())
	for _, encoding := range []string{"", "gzip"} {
		first := get(t, handler, "/", encoding)
		request := httptest.NewRequest(http.MethodGet, "/", nil)
		request.Header.Set("Accept-Encoding", encoding)
		request.Header.Set("If-None-Match", first.Header.Get("ETag"))
		recorder := httptest.NewRecorder()
		handler.ServeHTTP(recorder, request)
		if recorder.Code != http.StatusNotModified {
			t.Errorf("encoding %q: status %d, want 304", encoding, recorder.Code)
		}
	}
}

func TestMethods(t *testing.T) {
	recorder := httptest.NewRecorder()
	newHandler(build()).ServeHTTP(recorder, httptest.NewRequest(http.MethodPost, "/", nil))
	if recorder.Code != http.StatusMethodNotAllowed {
		t.Errorf("POST: status %d, want 405", recorder.Code)
	}
}

func TestNoIndex(t *testing.T) {
	if response := get(t, newHandler(fstest.MapFS{}), "/", ""); response.StatusCode != http.StatusInternalServerError {
		t.Errorf("empty build: status %d, want 500", response.StatusCode)
	}
}

// TestBuildIsClosed reads the committed build: the page finds every file it
// names, none is inlined as data: where the policy forbids it, none comes from
// another origin.
func TestBuildIsClosed(t *testing.T) {
	handler := Handler()
	page := get(t, handler, "/", "")
	if page.StatusCode != 200 || page.Header.Get("Content-Security-Policy") != Policy {
		t.Fatalf("index: status %d, policy %q", page.StatusCode, page.Header.Get("Content-Security-Policy"))
	}
	body, err := io.ReadAll(page.Body)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(body), "<style") || regexp.MustCompile(`<script>|<script [^>]*>[^<]`).Match(body) {
		t.Error("index.html has an inline script or style")
	}
	links := regexp.MustCompile(`(?:src|href)="([^"]+)"`).FindAllSubmatch(body, -1)
	for _, link := range links {
		target := string(link[1])
		if !strings.HasPrefix(target, "/") || strings.HasPrefix(target, "//") {
			t.Errorf("index.html names %q of another origin", target)
		} else if response := get(t, handler, target, ""); response.StatusCode != 200 {
			t.Errorf("%s: status %d", target, response.StatusCode)
		}
	}
	outside := regexp.MustCompile(`url\(["']?(?:https?:)?//|@import ["']?(?:https?:)?//|src:\s*url\(["']?data:`)
	err = fs.WalkDir(dist, "dist", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || path.Ext(name) != ".css" {
			return err
		}
		style, err := fs.ReadFile(dist, name)
		if outside.Match(style) {
			t.Errorf("%s loads something from elsewhere", name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
