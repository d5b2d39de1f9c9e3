package acme

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"flag"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

var binary = flag.String("binary", filepath.Join("..", "..", "bin", "playhead"), "the playhead to test")

const host = "stats.example.test"

// A server that is told a host name gets the certificate for it by itself, once,
// keeps it over a restart, and gets none for any other name.
func TestCertificateFromAnAuthority(t *testing.T) {
	address := freeAddress(t)
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		t.Fatal(err)
	}
	number, err := strconv.Atoi(port)
	if err != nil {
		t.Fatal(err)
	}
	a := startAuthority(t, number)
	data := filepath.Join(t.TempDir(), "data")

	stop := serve(t, a, address, data)
	first := waitReady(t, a, address)
	if err := first.VerifyHostname(host); err != nil {
		t.Error(err)
	}
	sendEvent(t, a, address, data)
	for _, other := range []string{"evil.example.test", "x." + host, "", "localhost"} {
		conn, err := tls.Dial("tcp", address, &tls.Config{ServerName: other, InsecureSkipVerify: true})
		if err == nil {
			conn.Close()
			t.Errorf("the server has a certificate for %q", other)
		}
	}
	stop()

	files, err := filepath.Glob(filepath.Join(data, "acme", "*"))
	if err != nil || len(files) < 2 { // of the account and of the host
		t.Fatalf("what is kept: %v %v", files, err)
	}
	for _, file := range files {
		if info, err := os.Stat(file); err != nil || info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s can be read by others: %v %v", file, info.Mode(), err)
		}
	}

	stop = serve(t, a, address, data)
	defer stop()
	if again := waitReady(t, a, address); again.SerialNumber.Cmp(first.SerialNumber) != 0 {
		t.Error("the certificate was not kept over a restart")
	}
	if n := a.said.issued.Load(); n != 1 {
		t.Errorf("the authority issued %d certificates, want 1", n)
	}
}

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// serve starts the server; the authority that it shall trust is given as the
// operating system's would be.
func serve(t *testing.T, a *authority, address, data string) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	cmd := exec.CommandContext(ctx, *binary, "serve", "--listen", address, "--data-dir", data, "--public-url", "https://"+host,
		"--acme-host", host, "--acme-email", "ops@example.test", "--acme-directory", a.directory)
	cmd.Env = append(os.Environ(), "SSL_CERT_FILE="+a.trust)
	var output bytes.Buffer
	cmd.Stdout, cmd.Stderr = &output, &output
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 20 * time.Second
	if err := cmd.Start(); err != nil {
		t.Fatalf("%v: run make build", err)
	}
	stopped := false
	stop = func() {
		if stopped {
			return
		}
		stopped = true
		cancel()
		_ = cmd.Wait() // ends by the signal
		if t.Failed() {
			t.Logf("the server said:\n%s", output.String())
		}
	}
	t.Cleanup(stop)
	return stop
}

// client reaches the server by its host name and trusts the authority alone.
func client(a *authority, address string) *http.Client {
	return &http.Client{Timeout: 2 * time.Minute, Transport: &http.Transport{
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, network, address)
		},
		TLSClientConfig: &tls.Config{RootCAs: a.roots}, ForceAttemptHTTP2: true, DisableKeepAlives: true,
	}}
}

// waitReady waits until the server answers and returns its certificate.
func waitReady(t *testing.T, a *authority, address string) *x509.Certificate {
	t.Helper()
	c := client(a, address)
	for deadline := time.Now().Add(2 * time.Minute); ; time.Sleep(100 * time.Millisecond) {
		resp, err := c.Get("https://" + host + "/readyz")
		if err == nil {
			resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				return resp.TLS.PeerCertificates[0]
			}
		}
		if time.Now().After(deadline) {
			t.Fatalf("the server does not answer by HTTPS: %v", err)
		}
	}
}

// sendEvent sends one as a player would, over what was just encrypted.
func sendEvent(t *testing.T, a *authority, address, data string) {
	t.Helper()
	key, err := exec.Command(*binary, "keys", "create", "--write", "--data-dir", data).Output()
	if err != nil {
		t.Fatal(err)
	}
	secret, _, _ := strings.Cut(string(key), "\n")
	body := `{"type":"play_started","time":` + strconv.FormatInt(time.Now().UnixMilli(), 10) + `,"viewer_id":"v","play_id":"p","seq":0,"title_id":"t"}`
	resp, err := client(a, address).Post("https://"+host+"/v1/events?k="+secret, "application/json", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK || resp.ProtoMajor != 2 {
		t.Errorf("an event: %s by %s", resp.Status, resp.Proto)
	}
}
