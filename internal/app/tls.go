package app

import (
	"crypto/tls"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"golang.org/x/crypto/acme"
	"golang.org/x/crypto/acme/autocert"
)

// lookAtFiles is how often, at most, certificate files are looked at for a change.
const lookAtFiles = time.Second

// secure is how connections are encrypted, nil for not at all. Errors:
// ErrSettings when files cannot be used.
func (s *Settings) secure(log *slog.Logger) (*tls.Config, error) {
	switch {
	case len(s.ACMEHost) > 0:
		m := acmeManager(s)
		config := m.TLSConfig()
		config.MinVersion = tls.VersionTLS12
		config.GetCertificate = (&acmeTrouble{log: log, now: time.Now, hosts: s.ACMEHost}).tell(m.GetCertificate)
		return config, nil
	case s.TLSCert != "":
		files := &certFiles{cert: s.TLSCert, key: s.TLSKey, log: log, now: time.Now}
		if err := files.load(); err != nil {
			return nil, fmt.Errorf("%w: tls-cert, tls-key: %w", ErrSettings, err)
		}
		return &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: files.certificate}, nil
	}
	return nil, nil
}

// acmeManager gets certificates for the named hosts alone, when they are asked
// for first, and renews them. The challenge is answered on the same port
// (tls-alpn-01), which the authority reaches as 443.
func acmeManager(s *Settings) *autocert.Manager {
	m := &autocert.Manager{
		Prompt: autocert.AcceptTOS, Cache: autocert.DirCache(filepath.Join(s.DataDir, "acme")),
		HostPolicy: autocert.HostWhitelist(s.ACMEHost...), Email: s.ACMEEmail,
	}
	if s.ACMEDirectory != "" {
		m.Client = &acme.Client{DirectoryURL: s.ACMEDirectory}
	}
	return m
}

// troubleEvery is how often, at most, it is said that no certificate was had.
const troubleEvery = 10 * time.Second

// acmeTrouble tells the operator why the authority gave no certificate: whoever
// connects only learns that there is none.
type acmeTrouble struct {
	log   *slog.Logger
	now   func() time.Time
	hosts []string

	mu   sync.Mutex
	last time.Time
}

func (a *acmeTrouble) tell(get func(*tls.ClientHelloInfo) (*tls.Certificate, error)) func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	return func(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
		cert, err := get(hello)
		// Names that were not given are anybody's guesses, and no trouble.
		if err != nil && slices.Contains(a.hosts, hello.ServerName) {
			a.mu.Lock()
			defer a.mu.Unlock()
			if now := a.now(); now.Sub(a.last) >= troubleEvery {
				a.last = now
				a.log.Error("no certificate from the authority; it must reach this server under the name on port 443", "host", hello.ServerName, "error", err)
			}
		}
		return cert, err
	}
}

// certFiles is a certificate in files that others renew.
type certFiles struct {
	cert, key string
	log       *slog.Logger
	now       func() time.Time

	mu      sync.Mutex
	current *tls.Certificate
	stamp   [2]fileStamp
	looked  time.Time
}

type fileStamp struct {
	size     int64
	modified time.Time
}

// certificate is the one in the files. Files that cannot be used leave the
// certificate as it was, since they may be half written.
func (c *certFiles) certificate(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if now := c.now(); now.Sub(c.looked) >= lookAtFiles {
		c.looked = now
		if stamp, err := c.stamps(); err != nil || stamp != c.stamp {
			if err := c.load(); err != nil {
				c.log.Error("the certificate's files cannot be used; the certificate stays as it was", "error", err)
			} else {
				c.log.Info("the certificate was read anew")
			}
		}
	}
	return c.current, nil
}

func (c *certFiles) load() error {
	stamp, err := c.stamps()
	if err != nil {
		return err
	}
	c.stamp = stamp // also of files that are wrong: they are reported once
	pair, err := tls.LoadX509KeyPair(c.cert, c.key)
	if err != nil {
		return err
	}
	c.current = &pair
	return nil
}

func (c *certFiles) stamps() (out [2]fileStamp, err error) {
	for i, path := range []string{c.cert, c.key} {
		info, err := os.Stat(path)
		if err != nil {
			return out, err
		}
		out[i] = fileStamp{info.Size(), info.ModTime()}
	}
	return out, nil
}
