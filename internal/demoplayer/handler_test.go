package demoplayer

import (
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
)

func testConfig() Config {
	return Config{WriteKey: "wk_test", Titles: []Title{
		{ID: "night-train", Name: "Night Train", Note: "Thriller"},
		{ID: `odd"</script>`, Name: `A <b>"title"</b>`},
	}}
}

func get(t *testing.T, h http.Handler, path string, header ...string) *http.Response {
	t.Helper()
	r := httptest.NewRequest(http.MethodGet, path, nil)
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Result()
}

func body(t *testing.T, resp *http.Response) string {
	t.Helper()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func mustHandler(t *testing.T) http.Handler {
	t.Helper()
	h, err := Handler(testConfig())
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func TestHandlerRefusesWhatCannotPlay(t *testing.T) {
	for name, cfg := range map[string]Config{
		"no key":     {Titles: []Title{{ID: "a", Name: "A"}}},
		"no titles":  {WriteKey: "k"},
		"unnamed":    {WriteKey: "k", Titles: []Title{{ID: "a"}}},
		"id missing": {WriteKey: "k", Titles: []Title{{Name: "A"}}},
	} {
		if _, err := Handler(cfg); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestPageHandsOverKeyAndTitle(t *testing.T) {
	h := mustHandler(t)
	resp := get(t, h, "/demo/player")
	page := body(t, resp)
	if resp.StatusCode != http.StatusOK {
		t.Fatalf("status %d", resp.StatusCode)
	}
	for _, want := range []string{`"key":"wk_test"`, `"id":"night-train"`, `"target":"/cmcd"`, `"stream":"/demo/clip/master.m3u8"`, "<h1>Night Train</h1>", `href="/live"`, `href="/events"`} {
		if !strings.Contains(page, want) {
			t.Errorf("page lacks %s", want)
		}
	}
	csp := resp.Header.Get("Content-Security-Policy")
	if strings.Contains(csp, "unsafe-eval") || !strings.Contains(csp, "default-src 'self'") {
		t.Errorf("policy %q", csp)
	}
}

func TestPageEscapesTitles(t *testing.T) {
	page := body(t, get(t, mustHandler(t), "/demo/player?title=odd%22%3C/script%3E"))
	if strings.Contains(page, "<b>") || strings.Contains(page, `odd"</script>`) {
		t.Error("a title reached the page unescaped")
	}
	if !strings.Contains(page, `\u003c/script\u003e`) {
		t.Error("title id is not in the boot block")
	}
}

func TestUnknownPaths(t *testing.T) {
	h := mustHandler(t)
	for path, want := range map[string]int{
		"/demo/":                               http.StatusFound,
		"/demo/player?title=none":              http.StatusNotFound,
		"/demo/nothing":                        http.StatusNotFound,
		"/demo/static/player.html":             http.StatusNotFound,
		"/demo/static/player.css":              http.StatusOK,
		"/demo/third_party/hls.js/LICENSE.txt": http.StatusOK,
	} {
		if got := get(t, h, path).StatusCode; got != want {
			t.Errorf("%s: status %d, want %d", path, got, want)
		}
	}
}

// Every playlist that the master names, and every byte range they name, is there.
func TestStreamIsComplete(t *testing.T) {
	h := mustHandler(t)
	master := body(t, get(t, h, "/demo/clip/master.m3u8"))
	names := regexp.MustCompile(`\w+\.m3u8`).FindAllString(master, -1)
	if len(names) != 4 {
		t.Fatalf("master names %d playlists, want three renditions and a sound track", len(names))
	}
	ranges := regexp.MustCompile(`BYTERANGE[:=]"?(\d+)@(\d+)`)
	for _, name := range names {
		list := body(t, get(t, h, "/demo/clip/"+name))
		found := ranges.FindAllStringSubmatch(list, -1)
		if len(found) < 18 {
			t.Errorf("%s: %d segments", name, len(found))
		}
		media := strings.TrimSuffix(name, ".m3u8") + ".m4s"
		last := found[len(found)-1]
		resp := get(t, h, "/demo/clip/"+media, "Range", "bytes="+last[2]+"-")
		if resp.StatusCode != http.StatusPartialContent || resp.Header.Get("Content-Length") != last[1] {
			t.Errorf("%s: last segment: status %d, %s bytes, want %s", media, resp.StatusCode, resp.Header.Get("Content-Length"), last[1])
		}
	}
}

func TestAssetsAreRevalidated(t *testing.T) {
	h := mustHandler(t)
	resp := get(t, h, "/demo/static/player.js")
	if ct := resp.Header.Get("Content-Type"); !strings.HasPrefix(ct, "text/javascript") {
		t.Errorf("content type %q", ct)
	}
	again := get(t, h, "/demo/static/player.js", "If-None-Match", resp.Header.Get("ETag"))
	if again.StatusCode != http.StatusNotModified {
		t.Errorf("second request: status %d", again.StatusCode)
	}
}

// The clip stays small: it is in everybody's clone for ever.
func TestClipIsSmall(t *testing.T) {
	h, err := readAssets()
	if err != nil {
		t.Fatal(err)
	}
	total := 0
	for name := range h {
		if data, err := files.ReadFile(name); err != nil {
			t.Error(err)
		} else if strings.HasPrefix(name, "clip/") {
			total += len(data)
		}
	}
	if limit := 1_500_000; total >= limit {
		t.Errorf("clip is %d bytes, limit %d", total, limit)
	}
}
