package clickhouse

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"regexp"
	"strings"
	"time"
)

// Address is where ClickHouse is and what of it is ours.
type Address struct {
	Hosts    []string // host:port of the native protocol; any of them will do at first
	User     string
	Password string
	Database string
	// Cluster is the name of a cluster in the servers' settings, of replicated tables;
	// "" is the first host alone.
	Cluster string
	Secure  bool // TLS
	HTTP    bool // HTTP in place of the native protocol; the host's port is that of HTTP then

	patience time.Duration // how long a server may say nothing; 0 is the constant
}

// ErrAddress: an address cannot be used. The text says how to write one.
var ErrAddress = errors.New("write it as clickhouse://USER:PASSWORD@HOST:9000/DATABASE, with ?cluster=NAME for a cluster of replicas ?secure=true for TLS and ?http=true for HTTP")

// nameRule is what a database or cluster may be called, so that it stands in SQL and paths as it is.
var nameRule = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]{0,63}$`)

// ParseAddress reads clickhouse://user:password@host:port,host:port/database?cluster=c&secure=true.
// The port is 9000 unless it is said, 9440 with TLS; the database is playhead.
// It never repeats the password. Errors: ErrAddress.
func ParseAddress(text string) (a Address, err error) {
	u, err := url.Parse(text)
	switch {
	case err != nil: // whose text would show the password
		return a, fmt.Errorf("the address is no URL: %w", ErrAddress)
	case u.Scheme != "clickhouse":
		return a, fmt.Errorf("the address begins with %q: %w", u.Scheme+":", ErrAddress)
	case u.Host == "":
		return a, fmt.Errorf("the address names no host: %w", ErrAddress)
	}
	a.User, a.Database = u.User.Username(), strings.Trim(u.Path, "/")
	a.Password, _ = u.User.Password()
	if a.User == "" {
		a.User = "default"
	}
	if a.Database == "" {
		a.Database = "playhead"
	}
	for key, values := range u.Query() {
		switch v := values[len(values)-1]; {
		case key == "cluster" && nameRule.MatchString(v):
			a.Cluster = v
		case key == "secure" && (v == "true" || v == "false"):
			a.Secure = v == "true"
		case key == "http" && (v == "true" || v == "false"):
			a.HTTP = v == "true"
		default:
			return a, fmt.Errorf("the address has %s=%q: %w", key, v, ErrAddress)
		}
	}
	if !nameRule.MatchString(a.Database) {
		return a, fmt.Errorf("the database is called %q; use letters, digits and _ : %w", a.Database, ErrAddress)
	}
	port := "9000"
	switch {
	case a.HTTP && a.Secure:
		port = "8443"
	case a.HTTP:
		port = "8123"
	case a.Secure:
		port = "9440"
	}
	for _, host := range strings.Split(u.Host, ",") {
		if host == "" {
			return a, fmt.Errorf("the address has an empty host: %w", ErrAddress)
		}
		if _, _, err := net.SplitHostPort(host); err != nil {
			host = net.JoinHostPort(strings.Trim(host, "[]"), port)
		}
		a.Hosts = append(a.Hosts, host)
	}
	if a.Cluster != "" && a.HTTP {
		return a, fmt.Errorf("the address names a cluster, whose servers know each other by their native ports, and http=true: %w", ErrAddress)
	}
	if a.Cluster == "" && len(a.Hosts) > 1 {
		return a, fmt.Errorf("the address names %d hosts and no cluster: %w", len(a.Hosts), ErrAddress)
	}
	return a, nil
}
