package app

import (
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
)

// formatPaths are where the formats of the intake are served.
var formatPaths = map[string]string{"native": "/v1/events", "cmcd": "/cmcd", "segment": "/v1", "epas": "/epas", "tracker": "/playhead.js"}

// alias is one more path of the intake: itself and all below it stand for target.
type alias struct{ path, target string }

// readAliases reads entries such as "/t/e=native" or "/t/js=/playhead.js".
func readAliases(entries []string) ([]alias, error) {
	var out []alias
	for _, entry := range entries {
		path, name, ok := strings.Cut(strings.TrimSpace(entry), "=")
		target := formatPaths[name]
		if strings.HasPrefix(name, "/") {
			target = name
		}
		path = strings.TrimSuffix(path, "/")
		if !ok || target == "" || len(path) < 2 || path[0] != '/' {
			return nil, fmt.Errorf("collect-paths: %q is not /PATH=FORMAT with native, cmcd, segment, epas or tracker, or /PATH=/PATH", entry)
		}
		for _, own := range []string{"/api", "/v1", "/login", "/metrics"} {
			if path == own || strings.HasPrefix(path, own+"/") {
				return nil, fmt.Errorf("collect-paths: %s is served already; choose another path", path)
			}
		}
		out = append(out, alias{path, target})
	}
	return out, nil
}

// door is the outermost handler: more paths for the intake, so that it can
// stand in a site's own address space under names that no list blocks, and hosts
// on which there is nothing but the intake.
type door struct {
	aliases []alias
	hosts   map[string]bool
	intake  http.Handler // the collector alone
	all     http.Handler
}

func newDoor(s *Settings, intake, all http.Handler) (*door, error) {
	aliases, err := readAliases(s.CollectPaths)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrSettings, err)
	}
	d := &door{aliases: aliases, hosts: map[string]bool{}, intake: intake, all: all}
	for _, host := range s.CollectHosts {
		d.hosts[strings.ToLower(strings.TrimSpace(host))] = true
	}
	return d, nil
}

func (d *door) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	for _, a := range d.aliases {
		rest, ok := strings.CutPrefix(r.URL.Path, a.path)
		if !ok || rest != "" && rest[0] != '/' {
			continue
		}
		inner := new(http.Request)
		*inner = *r
		inner.URL = new(url.URL)
		*inner.URL = *r.URL
		inner.URL.Path, inner.URL.RawPath = a.target+rest, ""
		r = inner
		break
	}
	if len(d.hosts) > 0 && d.hosts[hostName(r.Host)] {
		d.intake.ServeHTTP(w, r)
		return
	}
	d.all.ServeHTTP(w, r)
}

// readable tells a path that can only be written to from a page: without it a
// GET of such a path would be the pages' to answer, as one that is not there.
func readable(mux *http.ServeMux, pages http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var allowed []string
		for _, method := range []string{http.MethodDelete, http.MethodOptions, http.MethodPatch, http.MethodPost, http.MethodPut} {
			if _, pattern := mux.Handler(&http.Request{Method: method, Host: r.Host, URL: r.URL}); pattern != "" {
				allowed = append(allowed, method)
			}
		}
		if len(allowed) == 0 {
			pages.ServeHTTP(w, r)
			return
		}
		list := strings.Join(allowed, ", ")
		h := w.Header()
		h.Set("Allow", list)
		h.Set("Content-Type", "application/problem+json")
		w.WriteHeader(http.StatusMethodNotAllowed)
		// The client may be gone.
		_, _ = fmt.Fprintf(w, `{"title":"Method Not Allowed","status":405,"detail":"This path takes %s; /openapi.json and docs/clients.md say what to send."}`+"\n", list)
	})
}

// hostName is a Host header's name without its port, in lower case.
func hostName(host string) string {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	return strings.ToLower(host)
}
