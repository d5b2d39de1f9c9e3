package source

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/sasl"
	"github.com/twmb/franz-go/pkg/sasl/oauth"
	"github.com/twmb/franz-go/pkg/sasl/plain"
	"github.com/twmb/franz-go/pkg/sasl/scram"
)

// config is the TLS that a connection is made with. The certificate is read anew
// for each connection.
func (t *TLS) config() (*tls.Config, error) {
	c := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: t.ServerName}
	if t.CA != "" {
		text, err := os.ReadFile(t.CA)
		if err != nil {
			return nil, err
		}
		c.RootCAs = x509.NewCertPool()
		if !c.RootCAs.AppendCertsFromPEM(text) {
			return nil, fmt.Errorf("%s holds no certificate (PEM)", t.CA)
		}
	}
	if t.Cert != "" && t.Key != "" {
		if _, err := tls.LoadX509KeyPair(t.Cert, t.Key); err != nil {
			return nil, err
		}
		c.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
			pair, err := tls.LoadX509KeyPair(t.Cert, t.Key)
			return &pair, err
		}
	}
	return c, nil
}

// mechanism is the way of saying who connects; a password is read for each
// connection, so that it can be changed.
func (s *SASL) mechanism() sasl.Mechanism {
	switch s.Mechanism {
	case "plain":
		return plain.Plain(func(context.Context) (plain.Auth, error) {
			password, err := s.Password.Read()
			return plain.Auth{User: s.User, Pass: password}, err
		})
	case "oauthbearer":
		t := &tokens{of: s, client: &http.Client{Timeout: 10 * time.Second}, clock: time.Now}
		return oauth.Oauth(t.auth)
	}
	with := scram.Sha256
	if s.Mechanism == "scram-sha-512" {
		with = scram.Sha512
	}
	return with(func(context.Context) (scram.Auth, error) {
		password, err := s.Password.Read()
		return scram.Auth{User: s.User, Pass: password}, err
	})
}

// tokens gets tokens of OAUTHBEARER, and keeps one while it is good.
type tokens struct {
	of     *SASL
	client *http.Client
	clock  func() time.Time

	mu    sync.Mutex
	token string
	until time.Time
}

func (t *tokens) auth(ctx context.Context) (oauth.Auth, error) {
	token, err := t.get(ctx)
	return oauth.Auth{Token: token, Extensions: t.of.Extensions}, err
}

func (t *tokens) get(ctx context.Context) (string, error) {
	if t.of.TokenFile != "" {
		return Secret{File: t.of.TokenFile}.Read()
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.token != "" && t.clock().Before(t.until) {
		return t.token, nil
	}
	token, lasts, err := t.ask(ctx)
	if err != nil {
		return "", fmt.Errorf("get a token from %s: %w", t.of.TokenEndpoint, err)
	}
	// A little less than it lasts: it has to arrive somewhere.
	t.token, t.until = token, t.clock().Add(lasts*9/10)
	return token, nil
}

// ask is the client credentials grant of RFC 6749, section 4.4.
func (t *tokens) ask(ctx context.Context) (token string, lasts time.Duration, err error) {
	form := url.Values{"grant_type": {"client_credentials"}}
	if t.of.Scope != "" {
		form.Set("scope", t.of.Scope)
	}
	secret, err := t.of.ClientSecret.Read()
	if err != nil {
		return "", 0, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, t.of.TokenEndpoint, strings.NewReader(form.Encode()))
	if err != nil {
		return "", 0, err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Accept", "application/json")
	req.SetBasicAuth(url.QueryEscape(t.of.ClientID), url.QueryEscape(secret)) // section 2.3.1
	resp, err := t.client.Do(req)
	if err != nil {
		return "", 0, err
	}
	defer resp.Body.Close()
	var a struct {
		Token   string  `json:"access_token"`
		Expires float64 `json:"expires_in"` // s
		Error   string  `json:"error"`
	}
	err = json.NewDecoder(io.LimitReader(resp.Body, 1<<20)).Decode(&a)
	switch {
	case resp.StatusCode != http.StatusOK:
		return "", 0, fmt.Errorf("it answers %s %s", resp.Status, a.Error)
	case err != nil || a.Token == "":
		return "", 0, errors.New("its answer has no access_token")
	}
	return a.Token, time.Duration(a.Expires * float64(time.Second)), nil
}
