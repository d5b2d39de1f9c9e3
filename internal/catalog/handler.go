package catalog

import (
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path"
	"slices"
	"strings"

	"github.com/zeebo/xxh3"
)

// Sizes of drawn artwork, px.
const (
	posterW, posterH = 400, 600
	stillW, stillH   = 640, 360
)

// ArtHandler answers /art/{title}/poster.svg, /art/{title}/still.svg and
// /art/{title}/{creative}.svg with drawn artwork. A title or creative that the
// catalogue lacks gets a picture of its own, made from its id.
func ArtHandler(c interface{ Title(id string) (Title, bool) }) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id, file, ok := strings.Cut(strings.TrimPrefix(r.URL.Path, "/art/"), "/")
		name, svg := strings.CutSuffix(file, ".svg")
		if !ok || !svg || id == "" || name == "" || strings.Contains(name, "/") || len(id) > 256 || len(name) > 256 {
			http.Error(w, "artwork is at /art/{title}/{poster, still or creative}.svg", http.StatusNotFound)
			return
		}
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			http.Error(w, "artwork can only be read", http.StatusMethodNotAllowed)
			return
		}
		t, known := c.Title(id)
		if !known {
			t = Placeholder(id)
		}
		svgBytes := draw(t, name)
		tag := fmt.Sprintf(`"%016x"`, xxh3.Hash(svgBytes))
		h := w.Header()
		h.Set("ETag", tag)
		h.Set("Cache-Control", "public, max-age=86400")
		h.Set("Content-Type", "image/svg+xml; charset=utf-8")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; sandbox")
		if match := r.Header.Get("If-None-Match"); match != "" && strings.Contains(match, tag) {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		h.Set("Content-Length", fmt.Sprint(len(svgBytes)))
		if r.Method == http.MethodGet {
			w.Write(svgBytes) // the client left if it fails
		}
	})
}

// ImagePath is where pictures from the data folder are served.
const ImagePath = "/artwork/"

// ImageAddress is where a browser finds a creative's image: a file's name is below
// ImagePath, all else is as it is.
func ImageAddress(image string) string {
	if image == "" || strings.HasPrefix(image, "/") || strings.Contains(image, "://") {
		return image
	}
	return ImagePath + (&url.URL{Path: image}).EscapedPath()
}

// ImageHandler answers ImagePath with pictures of a folder: files whose name says
// that they are one, and nothing outside of it.
func ImageHandler(folder string) http.Handler {
	kinds := []string{".jpg", ".jpeg", ".png", ".webp", ".avif", ".gif", ".svg"}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name := strings.TrimPrefix(r.URL.Path, ImagePath)
		root, err := os.OpenRoot(folder)
		if err != nil || !slices.Contains(kinds, strings.ToLower(path.Ext(name))) {
			http.NotFound(w, r)
			return
		}
		defer root.Close()
		w.Header().Set("X-Content-Type-Options", "nosniff")
		w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; sandbox")
		w.Header().Set("Cache-Control", "private, max-age=3600")
		http.ServeFileFS(w, r, root.FS(), name)
	})
}

func draw(t Title, name string) []byte {
	c, found := t.Creative(name)
	switch {
	case found:
	case name == string(Still):
		c = t.First(Still)
	case name == string(Poster):
		c = t.First(Poster)
	default:
		c = Creative{ID: name, Kind: Poster}
	}
	if c.Kind == Still {
		return Art(t, c, stillW, stillH)
	}
	return Art(t, c, posterW, posterH)
}

// Placeholder is a title that nobody described: only its id is known, and
// colour and picture come from it.
func Placeholder(id string) Title {
	h := xxh3.HashString(id)
	genres := []string{"drama", "science fiction", "crime", "nature", "music", "romance", "fantasy"}
	return Title{ID: id, Name: id, Genres: genres[h%7 : h%7+1], Hue: int(h >> 8 % 360)}
}
