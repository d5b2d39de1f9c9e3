package collect

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/maxmind/mmdbwriter"
	"github.com/maxmind/mmdbwriter/mmdbtype"

	"playhead/internal/collect/wire"
)

// database writes a small file in MaxMind's format.
func database(t *testing.T, name string, entries map[string]mmdbtype.Map) string {
	t.Helper()
	tree, err := mmdbwriter.New(mmdbwriter.Options{DatabaseType: name, IncludeReservedNetworks: true})
	if err != nil {
		t.Fatal(err)
	}
	for block, record := range entries {
		_, network, err := net.ParseCIDR(block)
		if err != nil {
			t.Fatal(err)
		}
		if err := tree.Insert(network, record); err != nil {
			t.Fatal(err)
		}
	}
	path := filepath.Join(t.TempDir(), name+".mmdb")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tree.WriteTo(f); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestPlacesByAddress(t *testing.T) {
	code := func(c string) mmdbtype.Map { return mmdbtype.Map{"iso_code": mmdbtype.String(c)} }
	city := database(t, "City", map[string]mmdbtype.Map{
		"203.0.113.0/24":  {"country": code("DE"), "subdivisions": mmdbtype.Slice{code("BY")}},
		"198.51.100.0/24": {"country": code("FR"), "traits": mmdbtype.Map{"isp": mmdbtype.String("Traits Net")}},
		"2001:db8::/32":   {"country": code("JP")},
		"192.0.2.0/24":    {"country": code("ZZ")},
	})
	isp := database(t, "ASN", map[string]mmdbtype.Map{
		"203.0.113.0/24": {"autonomous_system_organization": mmdbtype.String("Example Telecom"), "autonomous_system_number": mmdbtype.Uint32(64500)},
		"2001:db8::/32":  {"isp": mmdbtype.String(" Six ")},
	})
	country, err := OpenCountry(CountryOptions{File: city, ISPFile: isp, TrustedProxies: []string{"10.0.0.0/8"}})
	if err != nil {
		t.Fatal(err)
	}
	defer country.Close()
	for _, c := range []struct{ from, forwarded, header, said, want string }{
		{"203.0.113.9:1", "", "", "", "DE BY Example Telecom"},
		{"10.1.1.1:1", "203.0.113.9", "", "", "DE BY Example Telecom"},
		{"10.1.1.1:1", "1.1.1.1, 203.0.113.9, 10.2.2.2", "", "", "DE BY Example Telecom"},
		{"9.9.9.9:1", "203.0.113.9", "FR", "", "  "},                     // no proxy of ours
		{"10.1.1.1:1", "203.0.113.9", "AT", "", "AT  Example Telecom"},   // the proxy knows better
		{"10.1.1.1:1", "203.0.113.9", "DE", "", "DE BY Example Telecom"}, // and agrees
		{"203.0.113.9:1", "", "", `"country":"us"`, "US  Example Telecom"},
		{"203.0.113.9:1", "", "", `"region":"BW","isp":"mine"`, "DE BW mine"},
		{"198.51.100.3:1", "", "", "", "FR  Traits Net"},
		{"[2001:db8::7]:1", "", "", "", "JP  Six"},
		{"[::ffff:203.0.113.9]:1", "", "", "", "DE BY Example Telecom"},
		{"192.0.2.1:1", "", "", "", "  "},
		{"127.0.0.1:1", "", "", "", "  "},
	} {
		r := newRig(t, func(cfg *Config) { cfg.Country = country })
		req := httptest.NewRequest("POST", "/v1/events?k=phw_test", strings.NewReader(beat(`"context":{`+c.said+`}`)))
		req.RemoteAddr = c.from
		req.Header.Set("X-Forwarded-For", c.forwarded)
		req.Header.Set("CF-IPCountry", c.header)
		if got := r.do(req); got.Accepted != 1 {
			t.Fatal(got.text)
		}
		x := r.log.events(t)[0].Context
		if got := x.Country + " " + x.Region + " " + x.ISP; got != c.want {
			t.Errorf("%+v: %q", c, got)
		}
	}
	for _, opts := range []CountryOptions{{File: "nothing.mmdb"}, {ISPFile: os.Args[0]}, {File: city, ISPFile: "nothing.mmdb"}} {
		if _, err := OpenCountry(opts); err == nil {
			t.Errorf("%+v opens", opts)
		}
	}
}

func TestAgents(t *testing.T) {
	for agent, want := range map[string]device{
		"Mozilla/5.0 (iPhone; CPU iPhone OS 17_1_2 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.1 Mobile/15E148 Safari/604.1": {"phone", "iOS", "17.1", "Safari", "17.1", ""},
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.7339.81 Safari/537.36":                       {"desktop", "Windows", "10.0", "Chrome", "140.0", ""},
		"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.2 Safari/605.1.15":                     {"desktop", "macOS", "10.15", "Safari", "18.2", ""},
		"Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/139.0.0.0 Mobile Safari/537.36":                     {"phone", "Android", "14", "Chrome", "139.0", ""},
		"Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0":                                                                    {"desktop", "Linux", "", "Firefox", "143.0", ""},
		"Mozilla/5.0 (Linux; Android 11; CUBOT X30) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Mobile Safari/537.36":                   {"phone", "Android", "11", "Chrome", "120.0", ""},
		"Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)":                                                                  {rule: RuleBot},
		"Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)":                                                                                {rule: RulePreview},
		"WhatsApp/2.23.20.0": {rule: RulePreview},
		"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/140.0.0.0 Safari/537.36": {"desktop", "Linux", "", "Headless Chrome", "140.0", RuleHeadless},
		"analytics-node/3.1.0": {}, "Go-http-client/1.1": {}, "curl/8.5.0": {}, "okhttp/4.12.0": {}, "python-requests/2.32": {},
	} {
		got := *parseAgent(agent)
		if want.kind == "" {
			got.kind, got.os, got.osVersion, got.browser, got.browserVersion = "", "", "", "", ""
		}
		if want.osVersion == "" {
			got.osVersion = ""
		}
		if got != want {
			t.Errorf("%s:\n%+v, want\n%+v", agent, got, want)
		}
	}
	r := newRig(t)
	agent := "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.7339.81 Safari/537.36"
	r.post("["+beat(`"id":"1"`)+","+beat(`"id":"2","context":{"device_type":"tv","os":"Tizen","os_version":"9"}`)+"]", "User-Agent", agent)
	e := r.log.events(t)
	if x := e[0].Context; x.OS != "Windows" || x.OSVersion != "10.0" || x.BrowserVersion != "140.0" {
		t.Errorf("of the agent: %+v", x)
	}
	if x := e[1].Context; x.OS != "Tizen" || x.OSVersion != "9" || x.Browser != "" {
		t.Errorf("of the client: %+v", x)
	}
}

func TestCDNHosts(t *testing.T) {
	hosts, err := newCDNHosts([]string{"*.example.net=Own", "media.example.net = special", "*.cloudfront.net=ours"})
	if err != nil {
		t.Fatal(err)
	}
	for url, want := range map[string]string{
		"https://a.b.example.net:8443/seg/1.m4s?x=http://y.akamaized.net": "own", "media.example.net": "special", "d1.cloudfront.net": "ours",
		"https://USER@Vod-1.AKAMAIZED.net/x": "akamai", "https://nowhere.example/": "", "example.net": "", "": "", "...": "", "http://": "",
		strings.Repeat("a.", 400) + "akamaized.net": "", "[2001:db8::1]": "", "evil-akamaized.net": "",
	} {
		if got := hosts.of(hostOf(url)); got != want {
			t.Errorf("%q: %q, want %q", url, got, want)
		}
	}
	for _, bad := range []string{"x", "=y", "*=y", "a.*.b=c", "x="} {
		if _, err := newCDNHosts([]string{bad}); err == nil {
			t.Errorf("%q is taken", bad)
		}
	}
	r := newRig(t)
	r.post("[" + beat(`"id":"1","context":{"cdn":"x.fastly.net"}`) + "," + beat(`"id":"2","context":{"cdn":" Mine "}`) + "," + beat(`"id":"3","context":{"cdn":"cdn.example"}`) + "]")
	for i, want := range []string{"fastly", "mine", "cdn.example"} {
		if got := r.log.events(t)[i].Context.CDN; got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	b := newBatch(mustCollector(t))
	it := &wire.Item{MediaURL: "https://v.akamaized.net/1.m4s"}
	if b.cdnStep(it); it.Event.Context.CDN != "akamai" {
		t.Errorf("of a media URL: %q", it.Event.Context.CDN)
	}
}

// A report on a response names the CDN of its session's next reports.
func TestCDNOfResponses(t *testing.T) {
	r := newRig(t)
	lines := `e=rr,sid="a",cid="c",sn=1,ts=1795409999000,url="https://v1.akamaized.net/seg1.m4s"
e=ps,sta=p,sid="a",cid="c",sn=2,ts=1795409999100
e=ps,sta=p,sid="b",cid="c",sn=2,ts=1795409999200
e=t,sta=p,sid="a",cid="c",sn=3,ts=1795409999300,cdn="Own"
`
	if got := r.postTo("/cmcd?k=phw_test", strings.NewReader(lines)); got.status != 204 {
		t.Fatal(got.text)
	}
	r.postTo("/cmcd?k=phw_test", strings.NewReader(`e=t,sta=p,sid="a",cid="c",sn=4,ts=1795409999400`))
	for i, want := range []string{"akamai", "", "own", ""} {
		if got := r.log.events(t)[i].Context.CDN; got != want {
			t.Errorf("report %d: %q, want %q", i, got, want)
		}
	}
}

func mustCollector(t *testing.T) *Collector {
	t.Helper()
	var c *Collector
	newRig(t, func(cfg *Config) {
		own := *cfg
		own.Registry = nil
		var err error
		if c, err = New(own); err != nil {
			t.Fatal(err)
		}
	})
	return c
}

func TestEnumerations(t *testing.T) {
	r := newRig(t)
	got := r.post(beat(`"placement":" Hero ","context":{"connection":"WiFi","app_version":" 1.2 ","device_type":" TV "},"quality":{"error_class":"Nonsense"},"traits":{"gender":" Female ","plan":"Gold"}`))
	if got.Accepted != 1 {
		t.Fatal(got.text)
	}
	e := r.log.events(t)[0]
	if e.Placement != "hero" || e.Context.Connection != "wifi" || e.Context.AppVersion != "1.2" || e.Context.DeviceType != "tv" ||
		e.Quality.ErrorClass != "technical" || e.Traits["gender"] != "female" || e.Traits["plan"] != "Gold" {
		t.Errorf("%+v", e)
	}
	repairs := strings.Join(r.tail.Recent(1)[0].Repairs, " ")
	for _, want := range []string{"trimmed", "error_class", "device_type"} {
		if !strings.Contains(repairs, want) {
			t.Errorf("no %s in %q", want, repairs)
		}
	}
}

func TestExclusions(t *testing.T) {
	const bot = "Mozilla/5.0 (compatible; bingbot/2.0)"
	hashed := sha256.Sum256([]byte("secret-tester"))
	options := ExcludeOptions{
		Agents: []string{RuleBot}, Networks: []string{"192.0.2.0/24", "2001:db8::1"},
		Viewers: []string{"tester", "sha256:" + hex.EncodeToString(hashed[:])},
	}
	for _, c := range []struct{ viewer, agent, from, rule string }{
		{`"viewer_id":"v"`, "", "203.0.113.1:1", ""}, {`"viewer_id":"v"`, bot, "203.0.113.1:1", RuleBot},
		{`"viewer_id":"v"`, "WhatsApp/2.1", "203.0.113.1:1", ""}, // its rule is off
		{`"viewer_id":"v"`, "", "192.0.2.7:1", RuleNetwork}, {`"viewer_id":"v"`, "", "[2001:db8::1]:1", RuleNetwork},
		{`"viewer_id":"tester"`, "", "203.0.113.1:1", RuleViewer}, {`"anonymous_id":"tester"`, "", "203.0.113.1:1", RuleViewer},
		{`"viewer_id":"secret-tester"`, "", "203.0.113.1:1", RuleViewer}, {`"session_id":"tester"`, "", "203.0.113.1:1", ""},
	} {
		r := newRig(t, func(cfg *Config) { cfg.Exclude = options })
		body := fmt.Sprintf(`[{"type":"heartbeat","time":%d,"play_id":"p",%s},{"type":"nothing"}]`, now, c.viewer)
		req := httptest.NewRequest("POST", "/v1/events?k=phw_test", strings.NewReader(body))
		req.RemoteAddr = c.from
		req.Header.Set("User-Agent", c.agent)
		got := r.do(req)
		want := fmt.Sprintf(`"excluded":%d`, 1)
		if c.rule == "" && got.Accepted != 1 || c.rule != "" && (got.Accepted != 0 || !strings.Contains(got.text, want) || len(r.log.records) > 0) || len(got.Rejected) != 1 {
			t.Errorf("%+v: %s", c, got.text)
		}
		if e := r.tail.Recent(2)[0]; c.rule != "" && (e.Result != "excluded" || e.Code != c.rule || len(e.Became) == 0 || strings.Contains(e.Raw, "tester")) {
			t.Errorf("%+v: shown as %+v", c, e)
		}
	}
	for _, bad := range []ExcludeOptions{{Agents: []string{"people"}}, {Networks: []string{"x"}}, {Viewers: []string{"sha256:12"}}} {
		if _, err := newExclusion(bad, newRig(t).ring); err == nil {
			t.Errorf("%+v is taken", bad)
		}
	}
}

func TestBucket(t *testing.T) {
	b := newBucket(10, now)
	if w := b.take(30, now); w != 0 {
		t.Fatalf("the first batch waits %d s", w)
	}
	// 20 tokens of debt and one to spend: 2.1 s, told in whole seconds.
	if w := b.take(1, now); w != 3 {
		t.Errorf("wait %d", w)
	}
	if b.take(1, now+1900) == 0 || b.take(1, now+2200) != 0 {
		t.Error("the debt is paid at the wrong time")
	}
	if b.take(0, now+3_600_000) != 0 || b.tokens != 10 {
		t.Errorf("%v tokens after an hour", b.tokens)
	}
	if slow := newBucket(0.1, now); slow.take(1, now) != 0 || slow.take(1, now) != 10 || slow.take(1, now+10_100) != 0 {
		t.Error("less than one a second")
	}
}

func TestPhonesAndNamesAreMasked(t *testing.T) {
	for _, personal := range []string{
		`"tel":"12345678"`, `"query":"+49 170 1234567"`, `"query":"+14155552671"`, `"query":"(415) 555-2671"`, `"query":"415-555-2671"`, `"query":"0170 1234567"`,
		`"name":"Ann"`, `"first-name":"Ann"`, `"traits":{"lastName":"Ann"}`, `"address":{"street":"x"}`,
	} {
		if got := masked([]byte("{" + personal + "}")); !strings.Contains(got, mask) {
			t.Errorf("%s is shown: %s", personal, got)
		}
	}
	for _, plain := range []string{
		`{"time":1795357990130}`, `{"cid":"0193f5a2-7c1e-7b3a-9d2f-123456789012"}`, `{"query":"2026-11-23"}`, `{"bitrate":1234567890.123}`, `{"v":"10.15.7"}`,
		`{"title_id":"series-102-4455"}`, `{"bitrate":4500000}`, `{"user_agent":"Chrome/140.0.7339"}`, `br=(2500),ts=1795357990130,sn=12`,
	} {
		if got := masked([]byte(plain)); got != plain {
			t.Errorf("%s is covered: %s", plain, got)
		}
	}
}

// The cache of user agents is bounded, whatever clients send, and gives the same to all.
func TestDeviceCache(t *testing.T) {
	c := newDeviceCache()
	var all sync.WaitGroup
	for g := range 8 {
		all.Go(func() {
			for i := range 3 * deviceCacheSize {
				if d := c.of("Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0"); d.browser != "Firefox" {
					t.Errorf("%+v", d)
				}
				c.of(fmt.Sprint("agent ", g, i))
			}
		})
	}
	all.Wait()
	n := 0
	for _, generation := range []*agents{c.young.Load(), c.old.Load()} {
		generation.Range(func(any, any) bool { n++; return true })
	}
	if n > 2*deviceCacheSize+16 {
		t.Errorf("%d agents are kept", n)
	}
}
