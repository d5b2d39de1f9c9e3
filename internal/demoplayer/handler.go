package demoplayer

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"html/template"
	"io"
	"io/fs"
	"net/http"
	"path"
	"strings"
	"time"
)

//go:embed clip static third_party
var files embed.FS

// Mount is the path under which Handler expects to be mounted.
const Mount = "/demo/"

// contentSecurityPolicy allows what MediaSource needs (blob: media) and nothing
// from elsewhere.
const contentSecurityPolicy = "default-src 'self'; media-src 'self' blob:; worker-src 'self' blob:; " +
	"connect-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; base-uri 'none'; form-action 'self'"

// Title is one title that the page can play. All of them play the same clip;
// what differs is what the reports say is being watched.
type Title struct {
	// ID is the title id of the catalogue; it becomes the CMCD content id.
	ID string `json:"id"`
	// Name is what the page shows.
	Name string `json:"name"`
	// Note is a short line under the name, such as genre and year; it may be empty.
	Note string `json:"note,omitempty"`
	// Artwork is the address of a 16:9 picture on the same origin; it may be empty.
	Artwork string `json:"artwork,omitempty"`
}

// Config is what the page must be told.
type Config struct {
	// WriteKey is the key with which the page's reports are accepted. Whoever
	// can open the page can read it, as with any key in a player.
	WriteKey string
	// Titles are offered in this order; the first is played unless the address
	// names another by ?title=ID.
	Titles []Title
	// Collector is the path of the CMCD collector; "" means /cmcd.
	Collector string
	// Live and Events are the dashboard's pages; "" means /live and /events.
	Live, Events string
}

func (c Config) withDefaults() Config {
	if c.Collector == "" {
		c.Collector = "/cmcd"
	}
	if c.Live == "" {
		c.Live = "/live"
	}
	if c.Events == "" {
		c.Events = "/events"
	}
	return c
}

func (c Config) validate() error {
	var errs []error
	if c.WriteKey == "" {
		errs = append(errs, errors.New("write key is empty"))
	}
	if len(c.Titles) == 0 {
		errs = append(errs, errors.New("no titles"))
	}
	for i, t := range c.Titles {
		if t.ID == "" || t.Name == "" {
			errs = append(errs, fmt.Errorf("title %d has no id or no name", i))
		}
	}
	return errors.Join(errs...)
}

// Handler returns the demo player's pages and media, to be mounted at Mount
// without stripping the prefix. It fails if the configuration cannot make a
// page that plays.
func Handler(cfg Config) (http.Handler, error) {
	if err := cfg.validate(); err != nil {
		return nil, fmt.Errorf("demo player: %w", err)
	}
	page, err := template.ParseFS(files, "static/player.html")
	if err != nil {
		return nil, fmt.Errorf("demo player: parse page: %w", err)
	}
	etags, err := readAssets()
	if err != nil {
		return nil, fmt.Errorf("demo player: read assets: %w", err)
	}
	h := &handler{cfg: cfg.withDefaults(), page: page, etags: etags}
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+Mount+"player", h.servePage)
	mux.HandleFunc("GET "+Mount+"{$}", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, Mount+"player", http.StatusFound)
	})
	mux.HandleFunc("GET "+Mount, h.serveAsset)
	return mux, nil
}

type handler struct {
	cfg   Config
	page  *template.Template
	etags map[string]string // by name
}

// pageData is what the template sees; Boot is handed to the script as JSON.
type pageData struct {
	Title        Title
	Others       []Title
	Live, Events string
	Boot         boot
}

type boot struct {
	Title  Title  `json:"title"`
	Target string `json:"target"`
	Key    string `json:"key"`
	Stream string `json:"stream"`
}

func (h *handler) servePage(w http.ResponseWriter, r *http.Request) {
	title, found := h.pick(r.URL.Query().Get("title"))
	if !found {
		http.Error(w, "The demo has no such title. Open "+Mount+"player for the one it has.", http.StatusNotFound)
		return
	}
	data := pageData{
		Title: title, Live: h.cfg.Live, Events: h.cfg.Events,
		Boot: boot{Title: title, Target: h.cfg.Collector, Key: h.cfg.WriteKey, Stream: Mount + "clip/master.m3u8"},
	}
	for _, t := range h.cfg.Titles {
		if t.ID != title.ID {
			data.Others = append(data.Others, t)
		}
	}
	var body bytes.Buffer
	if err := h.page.Execute(&body, data); err != nil {
		http.Error(w, "The page could not be made.", http.StatusInternalServerError)
		return
	}
	secure(w.Header())
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	// A failed write means that the reader has gone.
	_, _ = body.WriteTo(w)
}

func (h *handler) pick(id string) (Title, bool) {
	if id == "" {
		return h.cfg.Titles[0], true
	}
	for _, t := range h.cfg.Titles {
		if t.ID == id {
			return t, true
		}
	}
	return Title{}, false
}

// readAssets are the embedded files with their validators, so that a browser asks
// again instead of playing what an older binary had. What they hold stays in the
// binary: a copy of the film would take memory for good.
func readAssets() (map[string]string, error) {
	etags := map[string]string{}
	err := fs.WalkDir(files, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || path.Ext(name) == ".html" {
			return err
		}
		data, err := files.ReadFile(name)
		if err != nil {
			return err
		}
		sum := sha256.Sum256(data)
		etags[name] = `"` + hex.EncodeToString(sum[:8]) + `"`
		return nil
	})
	return etags, err
}

// contentType names the types that the host's own table may not know.
func contentType(name string) string {
	switch path.Ext(name) {
	case ".m3u8":
		return "application/vnd.apple.mpegurl"
	case ".m4s":
		return "video/mp4"
	case ".js", ".mjs":
		return "text/javascript; charset=utf-8"
	case ".css":
		return "text/css; charset=utf-8"
	default:
		return "text/plain; charset=utf-8"
	}
}

func (h *handler) serveAsset(w http.ResponseWriter, r *http.Request) {
	name := strings.TrimPrefix(r.URL.Path, Mount)
	etag, found := h.etags[name]
	if !found {
		http.NotFound(w, r)
		return
	}
	file, err := files.Open(name)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	defer func() { _ = file.Close() }()
	body, ok := file.(io.ReadSeeker)
	if !ok {
		http.Error(w, "an embedded file cannot be sought in", http.StatusInternalServerError)
		return
	}
	secure(w.Header())
	w.Header().Set("Content-Type", contentType(name))
	w.Header().Set("Cache-Control", "no-cache")
	w.Header().Set("ETag", etag)
	http.ServeContent(w, r, name, time.Time{}, body)
}

func secure(h http.Header) {
	h.Set("Content-Security-Policy", contentSecurityPolicy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
}
