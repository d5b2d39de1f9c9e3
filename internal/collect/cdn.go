package collect

import (
	"fmt"
	"strings"
)

// knownCDNs are the domains under which large CDNs serve; an operator's own
// entries go first.
var knownCDNs = []string{
	"*.akamaized.net=akamai", "*.akamaihd.net=akamai", "*.akamai.net=akamai", "*.edgesuite.net=akamai", "*.edgekey.net=akamai",
	"*.cloudfront.net=cloudfront", "*.fastly.net=fastly", "*.fastlylb.net=fastly", "*.cloudflare.net=cloudflare", "*.cloudflarestream.com=cloudflare",
	"*.azureedge.net=azure", "*.azurefd.net=azure", "*.b-cdn.net=bunny", "*.cdn77.org=cdn77", "*.gcdn.co=gcore", "*.llnwd.net=edgio",
	"*.edgecastcdn.net=edgio", "*.googlevideo.com=google", "*.mux.com=mux", "*.kxcdn.com=keycdn",
}

// cdnHosts names the CDN of a host: exact hosts and domains with all below them.
type cdnHosts map[string]string

// newCDNHosts reads entries such as "*.akamaized.net=akamai" or "media.example.com=own".
func newCDNHosts(entries []string) (cdnHosts, error) {
	hosts := cdnHosts{}
	for _, list := range [][]string{knownCDNs, entries} {
		for _, entry := range list {
			host, name, ok := strings.Cut(entry, "=")
			host, name = strings.ToLower(strings.TrimSpace(host)), strings.ToLower(strings.TrimSpace(name))
			if !ok || name == "" || strings.Trim(host, "*.") == "" || strings.LastIndexByte(host, '*') > 0 {
				return nil, fmt.Errorf("cdn-hosts: %q is not HOST=NAME or *.DOMAIN=NAME", entry)
			}
			hosts[host] = name
		}
	}
	return hosts, nil
}

// of is the CDN that serves under a host in lower case, or "". The closest entry counts.
func (c cdnHosts) of(host string) string {
	if name, ok := c[host]; ok {
		return name
	}
	for i := 0; i < len(host); i++ {
		if host[i] != '.' {
			continue
		}
		// The key is built on the stack: lookups with a converted slice do not allocate.
		var room [256]byte
		key := append(append(room[:0], '*'), host[i:]...)
		if name, ok := c[string(key)]; ok {
			return name
		}
	}
	return ""
}

// hostOf is the host of a URL, or of a text that is one, in lower case; "" when there is none.
func hostOf(url string) string {
	if _, rest, ok := strings.Cut(url, "://"); ok {
		url = rest
	}
	if i := strings.IndexAny(url, "/?#"); i >= 0 {
		url = url[:i]
	}
	if i := strings.LastIndexByte(url, '@'); i >= 0 {
		url = url[i+1:]
	}
	if i := strings.LastIndexByte(url, ':'); i >= 0 && !strings.HasSuffix(url, "]") {
		url = url[:i]
	}
	if len(url) > 253 || strings.ContainsAny(url, " \t\"") {
		return ""
	}
	return strings.ToLower(url)
}
