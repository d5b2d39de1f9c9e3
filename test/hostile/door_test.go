package hostile

import (
	"bufio"
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
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

func TestKeys(t *testing.T) {
	s := start(t)
	site := s.key("--write", "--name", "site", "--origins", "https://tv.example.com,https://www.example.com")
	slow := s.key("--write", "--name", "slow", "--rate", "20")
	reader := s.key("--read", "--role", "viewer", "--name", "desk")
	admin := s.key("--read", "--role", "admin", "--name", "boss")

	list, err := s.keys("list")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"https://tv.example.com,https://www.example.com", "20/s", "viewer", "admin", "desk"} {
		if !strings.Contains(list, want) {
			t.Errorf("keys list lacks %q:\n%s", want, list)
		}
	}
	stored, err := os.ReadFile(filepath.Join(s.dir, "keys.json"))
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{site, slow, reader, admin} {
		if strings.Contains(string(stored), secret) || strings.Contains(list, secret) {
			t.Error("a secret is kept in the clear")
		}
	}
	for _, wrong := range [][]string{{"--write", "--rate", "-1"}, {"--write", "--rate", "NaN"}, {"--read", "--rate", "5"}, {"--write", "--origins", "tv.example.com"}, {"--read", "--role", "king"}} {
		if _, err := s.keys(append([]string{"create"}, wrong...)...); err == nil {
			t.Errorf("keys create %v works", wrong)
		}
	}

	for origin, want := range map[string]int{"https://tv.example.com": 200, "https://www.example.com": 200, "": 200, "https://evil.example": 403, "http://tv.example.com": 403} {
		got := s.send(site, beats("p"+strconv.Itoa(len(origin)), 1, ""), "Origin", origin)
		if got.status != want || want == 200 && origin != "" && got.header.Get("Access-Control-Allow-Origin") != origin {
			t.Errorf("from %q: %d %v", origin, got.status, got.header)
		}
	}
	if got := s.send(reader, "[]"); got.status != 401 {
		t.Errorf("a read token writes: %d", got.status)
	}
	ask := func(token string) int {
		return s.do(http.MethodPost, "/api/v1/query", `{"metrics":["plays"]}`, "Authorization", "Bearer "+token).status
	}
	if a, b, c, d := ask(reader), ask(admin), ask(site), ask("phr_nobody0000000000"); a != 200 || b != 200 || c != 401 || d != 401 {
		t.Errorf("who reads: viewer %d, admin %d, write key %d, nobody %d", a, b, c, d)
	}

	// A change by another process counts within a second.
	if _, err := s.keys("revoke", "site"); err != nil {
		t.Fatal(err)
	}
	revoked, others := time.Now(), watchMachine()
	for asked := time.Now(); s.send(site, "[]").status != 401; asked = time.Now() {
		if late := asked.Sub(revoked); late > time.Minute || late > time.Second && others() <= shared {
			t.Fatalf("a revoked key works after %s", late)
		}
		time.Sleep(20 * time.Millisecond)
	}
	if s.send(slow, "[]").status != 200 {
		t.Error("revoking one key ended another")
	}
}

func TestRate(t *testing.T) {
	s := start(t)
	slow, free := s.key("--write", "--name", "slow", "--rate", "100"), s.key("--write", "--name", "free")
	// A batch larger than the rate passes once; its debt is paid by waiting.
	if got := s.send(slow, beats("a", 250, "")); got.accepted() != 250 {
		t.Fatalf("the first batch: %d %s", got.status, got.body)
	}
	got := s.send(slow, beats("b", 1, ""))
	for i := 0; got.status == 200 && i < 50; i++ { // a busy machine: the debt was paid meanwhile
		if got = s.send(slow, beats(fmt.Sprint("a", i), 250, "")); got.status == 200 {
			got = s.send(slow, beats(fmt.Sprint("b", i), 1, ""))
		}
	}
	wait, err := strconv.Atoi(got.header.Get("Retry-After"))
	if got.status != 429 || err != nil || wait < 1 || wait > 3 || !strings.Contains(got.body, "rate_limited") {
		t.Fatalf("beyond the rate: %d %v %s", got.status, got.header, got.body)
	}
	if got := s.send(free, beats("c", 500, "")); got.accepted() != 500 {
		t.Errorf("another key: %d %s", got.status, got.body)
	}
	time.Sleep(time.Duration(wait) * time.Second)
	if got := s.send(slow, beats("b", 1, "")); got.accepted() != 1 {
		t.Errorf("after Retry-After: %d %s", got.status, got.body)
	}
	// Over time the rate holds, however small the batches.
	sent, tried, began := 0, 0, time.Now()
	for i := 0; time.Since(began) < 3*time.Second; i++ {
		if n := s.send(slow, beats(fmt.Sprint("d", i), 20, "")).accepted(); n > 0 {
			sent += n
		}
		tried += 20
		time.Sleep(5 * time.Millisecond)
	}
	// As many as were tried, where the machine lets few be.
	if took := time.Since(began); sent < min(200, tried/2) || float64(sent) > 150+100*took.Seconds() {
		t.Errorf("%d of %d events in %s at 100 a second", sent, tried, took)
	}
}

func TestPathsAndHosts(t *testing.T) {
	s := start(t, "--collect-paths", "/t/e=native,/t/c=cmcd,/t/s=segment", "--collect-hosts", "t.example.com", "--max-events", "50", "--max-body", "1")
	key := s.key("--write")
	if got := s.do(http.MethodPost, "/t/e", beats("p", 2, ""), "Authorization", "Bearer "+key); got.accepted() != 2 {
		t.Errorf("native by another path: %d %s", got.status, got.body)
	}
	report := fmt.Sprintf(`cid="c",e=ps,sid="s",sn=1,sta=p,ts=%d,v=2`, time.Now().UnixMilli())
	if got := s.do(http.MethodPost, "/t/c?k="+key, report, "Content-Type", "application/cmcd"); got.status != 204 {
		t.Errorf("CMCD by another path: %d %s", got.status, got.body)
	}
	if got := s.do(http.MethodOptions, "/t/c?k="+key, "", "Origin", "https://a.example"); got.status != 204 || got.header.Get("Access-Control-Allow-Origin") == "" {
		t.Errorf("preflight: %d", got.status)
	}
	track := `{"event":"Video Playback Started","userId":"u","messageId":"m","properties":{"session_id":"x"}}`
	if got := s.do(http.MethodPost, "/t/s/track", track, "Authorization", "Bearer "+key); got.status != 200 {
		t.Errorf("Segment by another path: %d %s", got.status, got.body)
	}
	for path, want := range map[string]int{"/": 404, "/api/v1/metrics": 404, "/openapi.json": 404, "/metrics": 404} {
		if got := s.do(http.MethodGet, path, "", "Host", "t.example.com"); got.status != want {
			t.Errorf("GET %s on the intake's host: %d", path, got.status)
		}
	}
	if got := s.do(http.MethodPost, "/t/e", beats("q", 2, ""), "Host", "T.example.com:443", "Authorization", "Bearer "+key); got.accepted() != 2 {
		t.Errorf("the intake on its host: %d %s", got.status, got.body)
	}
	if got := s.do(http.MethodGet, "/", ""); got.status != 200 {
		t.Errorf("the dashboard elsewhere: %d", got.status)
	}
	if got := s.send(key, beats("r", 51, "")); got.status != 413 {
		t.Errorf("too many events: %d", got.status)
	}
	if got := s.send(key, strings.Repeat(" ", 1<<20+1)); got.status != 413 {
		t.Errorf("too large a body: %d", got.status)
	}
}

func TestWhatIsLeftOut(t *testing.T) {
	s := start(t, "--internal-viewers", "v-ours", "--internal-networks", "192.0.2.0/24", "--trusted-proxies", "127.0.0.1/32", "--cdn-hosts", "*.edge.example=own")
	key, token := s.key("--write", "--name", "web"), s.key("--read", "--role", "support")
	for agent, want := range map[string]int{
		"Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)": 0, "facebookexternalhit/1.1": 0, "Go-http-client/1.1": 1, "Mozilla/5.0 HeadlessChrome/140.0": 1,
	} {
		if got := s.send(key, beats("p"+strconv.Itoa(len(agent)), 1, ""), "User-Agent", agent); got.accepted() != want {
			t.Errorf("%s: %s", agent, got.body)
		}
	}
	if got := s.send(key, beats("ours", 1, "")); got.accepted() != 0 || !strings.Contains(got.body, `"excluded":1`) {
		t.Errorf("a viewer of ours: %s", got.body)
	}
	if got := s.send(key, beats("n", 1, ""), "X-Forwarded-For", "192.0.2.77"); got.accepted() != 0 {
		t.Errorf("a network of ours: %s", got.body)
	}
	if got := s.send(key, beats("c", 1, `,"title_id":"seen","context":{"cdn":"a.b.edge.example","device_type":"SmartTV"},"properties":{"mail":"joe@example.com","name":"Joe Doe","n":"+49 170 1234567"}`)); got.accepted() != 1 {
		t.Fatal(got.body)
	}
	s.send(key, `{"type":"nonsense"}`)
	for filter, want := range map[string]func(entry) bool{
		"result=excluded&reason=bot": func(e entry) bool {
			return e.Result == "excluded" && e.Code == "bot" && e.Became["type"] == "heartbeat"
		},
		"reason=internal_viewer":             func(e entry) bool { return e.Result == "excluded" && !strings.Contains(e.Raw, "v-ours") },
		"reason=internal_network":            func(e entry) bool { return !e.Accepted },
		"accepted=false&reason=preview":      func(e entry) bool { return e.Code == "preview" },
		"reason=unknown_type&accepted=false": func(e entry) bool { return e.Field == "type" && e.Reason != "" },
		"title=seen&type=heartbeat&key=web&format=native&reason=cdn_host&accepted=true": func(e entry) bool {
			return e.Became["cdn"] == "own" && e.Became["device_type"] == "tv" && strings.Contains(strings.Join(e.Repairs, " "), "device_type") &&
				!strings.Contains(e.Raw, "joe") && !strings.Contains(e.Raw, "Joe") && !strings.Contains(e.Raw, "1234567") && strings.Contains(e.Raw, "SmartTV")
		},
	} {
		if got := s.tail(token, filter); !want(got) {
			t.Errorf("%s: %+v", filter, got)
		}
	}
	if got := s.do(http.MethodGet, "/metrics", "", "Authorization", "Bearer "+token); !strings.Contains(got.body, `playhead_collect_excluded_total{format="native",key="web",rule="bot"} 1`) ||
		!strings.Contains(got.body, `playhead_collect_repaired_total{format="native",key="web",repair="cdn_host"} 1`) {
		t.Errorf("counters: %d %.3000s", got.status, got.body)
	}
}

// entry is a message of the debugger.
type entry struct {
	Key, Format, Result, Field, Code, Reason, Raw string
	Accepted                                      bool
	Repairs                                       []string
	Became                                        map[string]any
}

// tail is the first entry that a filter of the debugger gives.
func (s *server) tail(token, filter string) (e entry) {
	s.t.Helper()
	req, err := http.NewRequestWithContext(s.t.Context(), http.MethodGet, s.url("/api/v1/events/tail?"+filter), nil)
	if err != nil {
		s.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	client := http.Client{Timeout: time.Minute}
	resp, err := client.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	defer resp.Body.Close()
	for lines := bufio.NewScanner(resp.Body); lines.Scan(); {
		if data, ok := strings.CutPrefix(lines.Text(), "data: "); ok {
			if err := json.Unmarshal([]byte(data), &e); err != nil {
				s.t.Fatal(err)
			}
			return e
		}
	}
	s.t.Errorf("nothing for %s", filter)
	return e
}

// certificate writes a new certificate and key over those in dir.
func certificate(t *testing.T, dir string, serial int64) (cert, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	of := &x509.Certificate{
		SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: "playhead test"}, DNSNames: []string{"localhost"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, of, of, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalECPrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	cert, key = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	for path, block := range map[string]*pem.Block{cert: {Type: "CERTIFICATE", Bytes: der}, key: {Type: "EC PRIVATE KEY", Bytes: secret}} {
		if err := os.WriteFile(path, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return cert, key
}

func TestTLS(t *testing.T) {
	dir := t.TempDir()
	cert, key := certificate(t, dir, 1)
	s := start(t, "--tls-cert", cert, "--tls-key", key)
	if got := s.send(s.key("--write"), beats("p", 3, "")); got.accepted() != 3 {
		t.Fatalf("%d %s", got.status, got.body)
	}
	serial := func() int64 {
		conn, err := tls.Dial("tcp", s.addr, &tls.Config{InsecureSkipVerify: true})
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		return conn.ConnectionState().PeerCertificates[0].SerialNumber.Int64()
	}
	if n := serial(); n != 1 {
		t.Fatalf("certificate %d", n)
	}
	if _, err := tls.Dial("tcp", s.addr, &tls.Config{InsecureSkipVerify: true, MaxVersion: tls.VersionTLS11}); err == nil {
		t.Error("TLS 1.1 is taken")
	}
	certificate(t, dir, 2)
	for deadline := time.Now().Add(time.Minute); serial() != 2; time.Sleep(100 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("the certificate was not read anew\n%s", s.out)
		}
	}
	// A file that is half written changes nothing.
	if err := os.WriteFile(cert, []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	time.Sleep(1200 * time.Millisecond)
	if n := serial(); n != 2 {
		t.Errorf("certificate %d after a damaged file", n)
	}
	// The sign-in's cookie is for HTTPS alone.
	_, link, _ := strings.Cut(s.out.String(), "/login?t=")
	token, _, _ := strings.Cut(link, " ")
	s.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	got := s.do(http.MethodGet, "/login?t="+token, "")
	cookie := got.header.Get("Set-Cookie")
	if !strings.Contains(s.out.String(), "https://") || !strings.Contains(cookie, "Secure") || !strings.Contains(cookie, "HttpOnly") {
		t.Errorf("sign-in: %d %q", got.status, cookie)
	}
}
