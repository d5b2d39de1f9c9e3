package collect

import (
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"strings"

	"github.com/oschwald/maxminddb-golang/v2"

	"playhead/internal/event"
)

// CountryOptions say how the place of a request is found.
type CountryOptions struct {
	// File is a database in MaxMind's format with countries and, if it has them,
	// regions and ISPs, or "".
	File string
	// ISPFile is one more, with ISPs or the names of autonomous systems, or "".
	ISPFile string
	// TrustedProxies are addresses or CIDR blocks of proxies in front of us
	// whose headers are believed.
	TrustedProxies []string
	// Headers are what the proxies put the country in; by default those of
	// known CDNs.
	Headers []string
}

// Country finds the place of a request. Addresses are used for that and dropped.
// The zero value knows no country.
type Country struct {
	files   []*maxminddb.Reader
	trusted []netip.Prefix
	headers []string
}

// place is what an address tells: ISO 3166 country, ISO 3166-2 region without
// the country, the name of the ISP; "" for what it does not.
type place struct{ country, region, isp string }

// OpenCountry opens the databases and reads the proxies' addresses.
func OpenCountry(opts CountryOptions) (*Country, error) {
	c := &Country{headers: opts.Headers}
	if len(c.headers) == 0 {
		c.headers = []string{"CF-IPCountry", "CloudFront-Viewer-Country", "Fastly-Client-Country", "X-Country"}
	}
	var err error
	if c.trusted, err = prefixes(opts.TrustedProxies, "trusted proxy"); err != nil {
		return nil, err
	}
	for _, file := range []string{opts.File, opts.ISPFile} {
		if file == "" {
			continue
		}
		db, err := maxminddb.Open(file)
		if err != nil {
			return nil, errors.Join(fmt.Errorf("open the database of addresses: %w", err), c.Close())
		}
		c.files = append(c.files, db)
	}
	return c, nil
}

// prefixes reads addresses and CIDR blocks; what names them in the error.
func prefixes(texts []string, what string) ([]netip.Prefix, error) {
	var out []netip.Prefix
	for _, text := range texts {
		p, err := netip.ParsePrefix(text)
		if err != nil {
			a, aerr := netip.ParseAddr(text)
			if aerr != nil {
				return nil, fmt.Errorf("%s %q is neither an address nor a block such as 10.0.0.0/8", what, text)
			}
			p = netip.PrefixFrom(a, a.BitLen())
		}
		out = append(out, p.Masked())
	}
	return out, nil
}

// Close closes the databases.
func (c *Country) Close() error {
	var errs []error
	for _, db := range c.files {
		errs = append(errs, db.Close())
	}
	return errors.Join(errs...)
}

// addressOf is the address that a request comes from, behind trusted proxies.
func (c *Country) addressOf(r *http.Request) netip.Addr {
	from, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	addr := from.Addr().Unmap().WithZone("")
	if c.trusts(addr) {
		addr = c.client(r, addr)
	}
	return addr
}

// placeOf is where a request from addr comes from. A trusted proxy's header goes
// before the databases.
func (c *Country) placeOf(r *http.Request, addr netip.Addr) place {
	if len(c.files) == 0 && len(c.trusted) == 0 {
		return place{}
	}
	out := c.lookup(addr)
	from, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil || !c.trusts(from.Addr().Unmap().WithZone("")) {
		return out
	}
	for _, name := range c.headers {
		code := isoCountry(strings.TrimSpace(r.Header.Get(name)))
		if code == "" {
			continue
		}
		if code != out.country {
			out.country, out.region = code, ""
		}
		break
	}
	return out
}

// placeOfText is the place of an address that a server names for the viewer it
// sends for.
func (c *Country) placeOfText(text string) (place, netip.Addr) {
	addr, err := netip.ParseAddr(text)
	if err != nil {
		return place{}, netip.Addr{}
	}
	addr = addr.Unmap().WithZone("")
	return c.lookup(addr), addr
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
		if addr = hop.Unmap().WithZone(""); !c.trusts(addr) {
			return addr
		}
	}
	return addr
}

// record is what databases of the common editions say of an address.
type record struct {
	Country struct {
		Code string `maxminddb:"iso_code"`
	} `maxminddb:"country"`
	Subdivisions []struct {
		Code string `maxminddb:"iso_code"`
	} `maxminddb:"subdivisions"`
	ISP          string `maxminddb:"isp"`
	Organization string `maxminddb:"autonomous_system_organization"`
	Traits       struct {
		ISP string `maxminddb:"isp"`
	} `maxminddb:"traits"`
}

func (c *Country) lookup(addr netip.Addr) (out place) {
	if !addr.IsValid() {
		return out
	}
	for _, db := range c.files {
		var found record
		if err := db.Lookup(addr).Decode(&found); err != nil {
			continue // a damaged entry; the place stays unknown
		}
		if out.country == "" {
			if out.country = isoCountry(found.Country.Code); out.country != "" && len(found.Subdivisions) > 0 {
				out.region = found.Subdivisions[0].Code
			}
		}
		for _, isp := range []string{found.ISP, found.Traits.ISP, found.Organization} {
			if out.isp == "" && len(isp) <= event.MaxTextBytes {
				out.isp = strings.TrimSpace(isp)
			}
		}
	}
	return out
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
