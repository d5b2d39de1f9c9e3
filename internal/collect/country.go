package collect

import (
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"strings"

	"github.com/oschwald/maxminddb-golang/v2"
)

// CountryOptions say how a request's country is found.
type CountryOptions struct {
	// File is a database in MaxMind's format with countries, or "".
	File string
	// TrustedProxies are addresses or CIDR blocks of proxies in front of us
	// whose headers are believed.
	TrustedProxies []string
	// Headers are what the proxies put the country in; by default those of
	// known CDNs.
	Headers []string
}

// Country finds the country of a request. Addresses are used for that and dropped.
// The zero value knows no country.
type Country struct {
	db      *maxminddb.Reader
	trusted []netip.Prefix
	headers []string
}

// OpenCountry opens the database and reads the proxies' addresses.
func OpenCountry(opts CountryOptions) (*Country, error) {
	c := &Country{headers: opts.Headers}
	if len(c.headers) == 0 {
		c.headers = []string{"CF-IPCountry", "CloudFront-Viewer-Country", "Fastly-Client-Country", "X-Country"}
	}
	for _, text := range opts.TrustedProxies {
		p, err := netip.ParsePrefix(text)
		if err != nil {
			a, aerr := netip.ParseAddr(text)
			if aerr != nil {
				return nil, fmt.Errorf("trusted proxy %q is neither an address nor a block such as 10.0.0.0/8", text)
			}
			p = netip.PrefixFrom(a, a.BitLen())
		}
		c.trusted = append(c.trusted, p.Masked())
	}
	if opts.File != "" {
		db, err := maxminddb.Open(opts.File)
		if err != nil {
			return nil, fmt.Errorf("open the country database: %w", err)
		}
		c.db = db
	}
	return c, nil
}

// Close closes the database.
func (c *Country) Close() error {
	if c.db == nil {
		return nil
	}
	return c.db.Close()
}

// Of is the request's country, ISO 3166, or "".
func (c *Country) Of(r *http.Request) string {
	if c.db == nil && len(c.trusted) == 0 {
		return ""
	}
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return ""
	}
	addr, err := netip.ParseAddr(host)
	if err != nil {
		return ""
	}
	addr = addr.Unmap()
	if c.trusts(addr) {
		for _, name := range c.headers {
			if code := isoCountry(strings.TrimSpace(r.Header.Get(name))); code != "" {
				return code
			}
		}
		addr = c.client(r, addr)
	}
	return c.lookup(addr)
}

// OfAddress is the country of an address that a server names for the viewer it
// sends for, ISO 3166, or "".
func (c *Country) OfAddress(text string) string {
	addr, err := netip.ParseAddr(text)
	if err != nil {
		return ""
	}
	return c.lookup(addr.Unmap())
}

func (c *Country) trusts(addr netip.Addr) bool {
	for _, p := range c.trusted {
		if p.Contains(addr) {
			return true
		}
	}
	return false
}

// client is the last address of X-Forwarded-For that is no proxy of ours: what
// stands before it the client may have invented.
func (c *Country) client(r *http.Request, addr netip.Addr) netip.Addr {
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for i := len(hops) - 1; i >= 0; i-- {
		hop, err := netip.ParseAddr(strings.TrimSpace(hops[i]))
		if err != nil {
			return addr
		}
		if addr = hop.Unmap(); !c.trusts(addr) {
			return addr
		}
	}
	return addr
}

func (c *Country) lookup(addr netip.Addr) string {
	if c.db == nil {
		return ""
	}
	var record struct {
		Country struct {
			Code string `maxminddb:"iso_code"`
		} `maxminddb:"country"`
	}
	if err := c.db.Lookup(addr).Decode(&record); err != nil {
		return ""
	}
	return isoCountry(record.Country.Code)
}

// isoCodes are the ISO 3166-1 alpha-2 codes, and XK for Kosovo, which the
// address databases use.
const isoCodes = "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ " +
	"CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR " +
	"GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP " +
	"KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ " +
	"NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ " +
	"TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS XK YE YT ZA ZM ZW"

// isoPlace is where in isoCodes a pair of letters stands, plus one.
var isoPlace = func() (at [26 * 26]uint16) {
	for i := 0; i < len(isoCodes); i += 3 {
		at[int(isoCodes[i]-'A')*26+int(isoCodes[i+1]-'A')] = uint16(i + 1)
	}
	return at
}()

// isoCountry is the country that code names in any case, or "".
func isoCountry(code string) string {
	if len(code) != 2 {
		return ""
	}
	x, y := code[0]&^0x20-'A', code[1]&^0x20-'A'
	if x >= 26 || y >= 26 {
		return ""
	}
	if x == 'U'-'A' && y == 'K'-'A' {
		return "GB" // what many write
	}
	i := isoPlace[int(x)*26+int(y)]
	if i == 0 {
		return ""
	}
	return isoCodes[i-1 : i+1]
}
