package sdk

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"net/http"
	"strconv"
	"strings"
	"time"
)

//go:embed dist/playhead.js
var script []byte

// Handler serves the tracker as one file. Pages of any origin may load it, keep
// it for an hour and then ask whether it has changed.
func Handler() http.Handler {
	sum := sha256.Sum256(script)
	etag := base64.RawURLEncoding.EncodeToString(sum[:12])
	packed := pack(script)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
			return
		}
		h := w.Header()
		h.Set("Content-Type", "text/javascript; charset=utf-8")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Cache-Control", "public, max-age=3600")
		// A module, and a script with an integrity attribute, are fetched with CORS;
		// a page that isolates itself takes only what says that it may be taken.
		h.Set("Access-Control-Allow-Origin", "*")
		h.Set("Cross-Origin-Resource-Policy", "cross-origin")
		h.Set("Vary", "Accept-Encoding")
		body, tag := script, etag
		if packed != nil && acceptsGzip(r.Header.Get("Accept-Encoding")) {
			body, tag = packed, etag+"-gzip"
			h.Set("Content-Encoding", "gzip")
		}
		h.Set("ETag", strconv.Quote(tag))
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(body))
	})
}

// pack is b as gzip, or nil when that is not smaller.
func pack(b []byte) []byte {
	var out bytes.Buffer
	z, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
	if err != nil {
		return nil
	}
	if _, err := z.Write(b); err != nil {
		return nil
	}
	if err := z.Close(); err != nil || out.Len() >= len(b) {
		return nil
	}
	return out.Bytes()
}

// acceptsGzip reads an Accept-Encoding header; "gzip;q=0" refuses it.
func acceptsGzip(header string) bool {
	for part := range strings.SplitSeq(header, ",") {
		coding, params, _ := strings.Cut(strings.TrimSpace(part), ";")
		if !strings.EqualFold(coding, "gzip") && coding != "*" {
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
