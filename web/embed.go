package web

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strconv"
	"strings"
	"sync"
	"time"
)

//go:embed all:dist
var dist embed.FS

// Policy is the Content-Security-Policy of the dashboard: nothing may come from
// another origin. Charts set style attributes, hence the inline styles.
const Policy = "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; " +
	"object-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'"

const (
	index = "index.html"
	// hashed is the folder of the files that carry a hash of their bytes in their
	// name: they never change and may be kept for ever.
	hashed = "assets/"
)

// Handler serves the embedded build. A path that is no file answers with the
// page itself, whose router knows it; a missing asset, and a path that belongs
// to the API or the collector, is 404.
func Handler() http.Handler {
	root, err := fs.Sub(dist, "dist")
	if err != nil {
		return failing(fmt.Errorf("open the embedded dashboard: %w", err))
	}
	return newHandler(root)
}

func newHandler(root fs.FS) http.Handler {
	site, err := load(root)
	if err != nil {
		return failing(err)
	}
	return http.HandlerFunc(site.serve)
}

func failing(err error) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, err.Error(), http.StatusInternalServerError)
	})
}

// site is every file of the build by its path without a leading slash.
type site map[string]*file

// file is served from where it is embedded: a copy would take memory for good.
type file struct {
	root fs.FS
	name string
	size int64
	kind string
	etag string

	pack   sync.Once
	packed []byte // gzip of it; nil when it would not be smaller
}

func load(root fs.FS) (site, error) {
	out := site{}
	err := fs.WalkDir(root, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		body, err := fs.ReadFile(root, name)
		if err != nil {
			return err
		}
		sum := sha256.Sum256(body)
		out[name] = &file{root: root, name: name, size: int64(len(body)), kind: kindOf(name), etag: base64.RawURLEncoding.EncodeToString(sum[:12])}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read the embedded dashboard: %w", err)
	}
	if out[index] == nil {
		return nil, errors.New("the embedded dashboard has no index.html: run npm run build in web/")
	}
	return out, nil
}

func (s site) serve(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
		return
	}
	name := strings.TrimPrefix(path.Clean("/"+r.URL.Path), "/")
	if s[name] == nil {
		if foreign(name) {
			notFound(w)
			return
		}
		name = index
	}
	s[name].write(w, r, name)
}

// foreign says that a path is not one of the page's own.
func foreign(name string) bool {
	for _, prefix := range []string{hashed, "api/", "v1/", "art/", "cmcd"} {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return false
}

// notFound answers programs as the API does (RFC 9457).
func notFound(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "application/problem+json")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(http.StatusNotFound)
	// A failed write has no one left to be told.
	_, _ = w.Write([]byte(`{"title":"Not Found","status":404,"detail":"There is nothing to read here; /openapi.json lists what there is."}` + "\n"))
}

func (f *file) write(w http.ResponseWriter, r *http.Request, name string) {
	header := w.Header()
	header.Set("Content-Type", f.kind)
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Cache-Control", "no-cache")
	if strings.HasPrefix(name, hashed) {
		header.Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	if name == index {
		header.Set("Content-Security-Policy", Policy)
		header.Set("Referrer-Policy", "same-origin")
	}
	etag := f.etag
	if packed := f.gzip(); packed != nil {
		header.Set("Vary", "Accept-Encoding")
		if acceptsGzip(r.Header.Get("Accept-Encoding")) {
			header.Set("Content-Encoding", "gzip")
			header.Set("ETag", strconv.Quote(etag+"-gzip"))
			http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(packed))
			return
		}
	}
	opened, err := f.root.Open(f.name)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	defer func() { _ = opened.Close() }()
	body, ok := opened.(io.ReadSeeker)
	if !ok {
		http.Error(w, "the embedded file cannot be sought in", http.StatusInternalServerError)
		return
	}
	header.Set("ETag", strconv.Quote(etag))
	http.ServeContent(w, r, "", time.Time{}, body)
}

// gzip packs the body once, when it is first asked for.
func (f *file) gzip() []byte {
	f.pack.Do(func() {
		if !packable(f.kind) {
			return
		}
		body, err := fs.ReadFile(f.root, f.name)
		if err != nil {
			return
		}
		var buffer bytes.Buffer
		writer, err := gzip.NewWriterLevel(&buffer, gzip.BestCompression)
		if err != nil {
			return
		}
		if _, err := writer.Write(body); err != nil {
			return
		}
		if err := writer.Close(); err != nil || int64(buffer.Len()) >= f.size {
			return
		}
		f.packed = buffer.Bytes()
	})
	return f.packed
}

func packable(kind string) bool {
	for _, prefix := range []string{"text/", "application/json", "image/svg+xml"} {
		if strings.HasPrefix(kind, prefix) {
			return true
		}
	}
	return false
}

// acceptsGzip reads an Accept-Encoding header; "gzip;q=0" refuses it.
func acceptsGzip(header string) bool {
	for part := range strings.SplitSeq(header, ",") {
		coding, params, _ := strings.Cut(strings.TrimSpace(part), ";")
		if coding != "gzip" && coding != "*" {
			continue
		}
		quality, found := strings.CutPrefix(strings.ReplaceAll(params, " ", ""), "q=")
		if !found {
			return true
		}
		value, err := strconv.ParseFloat(quality, 64)
		return err == nil && value > 0
	}
	return false
}

// kindOf does not ask the machine's own tables, which differ between systems.
func kindOf(name string) string {
	switch path.Ext(name) {
	case ".html":
		return "text/html; charset=utf-8"
	case ".js":
		return "text/javascript; charset=utf-8"
	case ".css":
		return "text/css; charset=utf-8"
	case ".svg":
		return "image/svg+xml"
	case ".json":
		return "application/json"
	case ".woff2":
		return "font/woff2"
	case ".png":
		return "image/png"
	}
	if kind := mime.TypeByExtension(path.Ext(name)); kind != "" {
		return kind
	}
	return "application/octet-stream"
}
