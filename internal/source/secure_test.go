package source

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/sasl/plain"
)

// A password that is wrong is told, in the log and the status, and tried again:
// once it is mended, reading begins by itself.
func TestPasswords(t *testing.T) {
	for mechanism, method := range map[string]string{"plain": "PLAIN", "scram-sha-256": "SCRAM-SHA-256", "scram-sha-512": "SCRAM-SHA-512"} {
		t.Run(mechanism, func(t *testing.T) {
			t.Parallel()
			c := cluster(t, kfake.EnableSASL(), kfake.Superuser("PLAIN", "admin", "admin"), kfake.Superuser(method, "reader", "right-one"), kfake.SeedTopics(2, "plays"))
			cl := client(t, c, kgo.SASL(plain.Auth{User: "admin", Pass: "admin"}.AsMechanism()))
			produce(t, cl, "plays", beat(1, ""))
			password := filepath.Join(t.TempDir(), "password")
			if err := os.WriteFile(password, []byte("wrong-one\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			r := newRig(t)
			config, err := load(t, yamlOf(c, onePlain+"\nsasl: {mechanism: "+mechanism+", user: reader, password_file: "+password+"}\n"))
			if err != nil {
				t.Fatal(err)
			}
			s, _ := r.start(config, nil)
			until(t, "trouble", func() bool { st := s.Status(); return st.State == Trouble && strings.Contains(st.Error, "connect to ") })
			if err := os.WriteFile(password, []byte("right-one\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			until(t, "the event", func() bool { return len(r.log.events()) == 1 && s.Status().State == Reading })
			if log := r.out.String(); !strings.Contains(log, "reading from Kafka is in trouble") || strings.Contains(log, "-one") {
				t.Errorf("log: %s", log)
			}
		})
	}
}

// authority is a certificate authority with one server's certificate.
func authority(t *testing.T) (server tls.Certificate, ca string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	root := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test authority"}, NotBefore: time.Now().Add(-time.Hour),
		NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}
	rootDER, err := x509.CreateCertificate(rand.Reader, root, root, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	leaf := &x509.Certificate{SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "broker"}, NotBefore: root.NotBefore, NotAfter: root.NotAfter,
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, DNSNames: []string{"localhost", "kafka.example"}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}}
	leafDER, err := x509.CreateCertificate(rand.Reader, leaf, root, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{leafDER}, PrivateKey: key}, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: rootDER}))
}

func TestTLS(t *testing.T) {
	t.Parallel()
	cert, ca := authority(t)
	c := cluster(t, kfake.TLS(&tls.Config{Certificates: []tls.Certificate{cert}}), kfake.SeedTopics(2, "plays"))
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM([]byte(ca))
	cl := client(t, c, kgo.DialTLSConfig(&tls.Config{RootCAs: pool}))
	produce(t, cl, "plays", beat(1, ""))
	r := newRig(t)
	stranger, err := load(t, yamlOf(c, onePlain+"\ntls: true\n"))
	if err != nil {
		t.Fatal(err)
	}
	s, stop := r.start(stranger, nil)
	until(t, "an unknown authority", func() bool { return strings.Contains(s.Status().Error, "certificate") })
	stop()
	trusting, err := load(t, yamlOf(c, onePlain+"\ntls: {ca: ca.pem, server_name: kafka.example}\n"), "ca.pem", ca)
	if err != nil {
		t.Fatal(err)
	}
	r.start(trusting, nil)
	until(t, "the event", func() bool { return len(r.log.events()) == 1 })
}

// The example of the documentation is one that can be read.
func TestDocumentedExample(t *testing.T) {
	page, err := os.ReadFile(filepath.Join("..", "..", "docs", "kafka-source.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(page), "```yaml\n")
	example, rest, _ := strings.Cut(rest, "```")
	_, rest, _ = strings.Cut(rest, "```yaml\n")
	bearer, _, _ := strings.Cut(rest, "```")
	cert, ca := authority(t)
	key, err := x509.MarshalECPrivateKey(cert.PrivateKey.(*ecdsa.PrivateKey))
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("KAFKA_PASSWORD", "secret")
	t.Setenv("KAFKA_CLIENT_SECRET", "secret")
	example = strings.ReplaceAll(example, "secret/registry", "registry-password")
	c, err := load(t, example, "kafka-ca.pem", ca, "registry-password", "secret\n",
		"client.pem", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert.Certificate[0]})),
		"client-key.pem", string(pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: key})))
	if err != nil {
		t.Fatal(err)
	}
	if len(c.Brokers) != 2 || len(c.Topics) != 2 || c.Topics[1].Map == nil || c.Topics[0].DeadLetter == "" || c.Instance != "playhead-1" || c.SASL.User != "playhead" || c.Latest {
		t.Errorf("%+v", c)
	}
	if c, err = load(t, "brokers: [a:1]\n"+goodTopic+bearer); err != nil {
		t.Fatal(err)
	}
	if c.SASL.Extensions["logicalCluster"] != "lkc-1" || c.SASL.Scope != "kafka" {
		t.Errorf("%+v", c.SASL)
	}
}

// Brokers that are away are told of, and found when they are there.
func TestUnreachable(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	r := newRig(t)
	config, err := load(t, "brokers: ["+addr+"]\n"+onePlain)
	if err != nil {
		t.Fatal(err)
	}
	s, stop := r.start(config, nil)
	until(t, "trouble", func() bool { st := s.Status(); return st.State == Trouble && strings.Contains(st.Error, "refused") })
	began := time.Now()
	stop()
	if took := time.Since(began); took > patience/2 {
		t.Errorf("it took %v to stop", took)
	}
}

func TestTokens(t *testing.T) {
	t.Parallel()
	asked := 0
	lasts := 100
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked++
		id, secret, _ := r.BasicAuth()
		if id != "me" || secret != "a+b" && secret != "a%2Bb" || r.FormValue("grant_type") != "client_credentials" || r.FormValue("scope") != "kafka" {
			w.WriteHeader(http.StatusUnauthorized)
			fmt.Fprint(w, `{"error":"invalid_client"}`)
			return
		}
		_ = json.NewEncoder(w).Encode(map[string]any{"access_token": fmt.Sprint("token-", asked), "expires_in": lasts})
	}))
	defer server.Close()
	folder := t.TempDir()
	secret := filepath.Join(folder, "secret")
	if err := os.WriteFile(secret, []byte("a+b"), 0o600); err != nil {
		t.Fatal(err)
	}
	now := time.Unix(1_800_000_000, 0)
	tok := &tokens{of: &SASL{TokenEndpoint: server.URL, ClientID: "me", Scope: "kafka", ClientSecret: Secret{File: secret}, Extensions: map[string]string{"logicalCluster": "lkc-1"}},
		client: server.Client(), clock: func() time.Time { return now }}
	get := func() string {
		auth, err := tok.auth(context.Background())
		if err != nil {
			return err.Error()
		}
		if auth.Extensions["logicalCluster"] != "lkc-1" {
			t.Error("no extension")
		}
		return auth.Token
	}
	if a, b := get(), get(); a != "token-1" || b != "token-1" {
		t.Errorf("%s, then %s", a, b)
	}
	now = now.Add(95 * time.Second)
	if got := get(); got != "token-2" {
		t.Errorf("%s", got)
	}
	now = now.Add(time.Hour)
	if err := os.WriteFile(secret, []byte("wrong"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := get(); !strings.Contains(got, "401 Unauthorized invalid_client") || strings.Contains(got, "wrong") {
		t.Errorf("%s", got)
	}
	file := &tokens{of: &SASL{TokenFile: secret}}
	if auth, err := file.auth(context.Background()); err != nil || auth.Token != "wrong" {
		t.Errorf("%v %v", auth, err)
	}
}
