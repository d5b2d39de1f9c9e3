package collect

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strings"

	"playhead/internal/event"
	"playhead/internal/privacy"
)

// Rules by which events are left out: a closed set.
const (
	RuleBot      = "bot"              // a crawler, by its user agent
	RulePreview  = "preview"          // what fetches pages for link previews or watches uptime
	RuleHeadless = "headless"         // a browser without a screen
	RuleNetwork  = "internal_network" // an address of ours
	RuleViewer   = "internal_viewer"  // a viewer of ours
)

// Rules are all of them.
func Rules() []string { return []string{RuleBot, RulePreview, RuleHeadless, RuleNetwork, RuleViewer} }

// ExcludeOptions say whose events are left out of every figure. Events of the
// internal networks and viewers that are named are always left out.
type ExcludeOptions struct {
	// Agents are the rules on user agents that are on: bot, preview, headless.
	Agents []string
	// Networks are addresses or CIDR blocks.
	Networks []string
	// Viewers are viewer ids, raw or as "sha256:" and the hash in hexadecimal,
	// so that a configuration need not hold them.
	Viewers []string
}

// exclusion is ExcludeOptions, read.
type exclusion struct {
	agents   map[string]bool
	networks []netip.Prefix
	viewers  map[event.ViewerKey]bool
	hashes   map[[sha256.Size]byte]bool
}

func newExclusion(o ExcludeOptions, ring *privacy.Ring) (*exclusion, error) {
	x := &exclusion{agents: map[string]bool{}, viewers: map[event.ViewerKey]bool{}, hashes: map[[sha256.Size]byte]bool{}}
	agentRules := []string{RuleBot, RulePreview, RuleHeadless}
	for _, rule := range o.Agents {
		if !slices.Contains(agentRules, rule) {
			return nil, fmt.Errorf("exclude: %q is no rule; choose from %s", rule, strings.Join(agentRules, ", "))
		}
		x.agents[rule] = true
	}
	var err error
	if x.networks, err = prefixes(o.Networks, "internal network"); err != nil {
		return nil, err
	}
	for i, id := range o.Viewers {
		text, hashed := strings.CutPrefix(id, "sha256:")
		if !hashed {
			x.viewers[ring.Viewer(id)], x.viewers[ring.Anonymous(id)] = true, true
			continue
		}
		sum, err := hex.DecodeString(text)
		if err != nil || len(sum) != sha256.Size {
			return nil, fmt.Errorf("internal-viewers: entry %d is not sha256: and 64 hexadecimal digits", i+1)
		}
		x.hashes[[sha256.Size]byte(sum)] = true
	}
	return x, nil
}

// ofAddress is the rule that an address meets, or "".
func (x *exclusion) ofAddress(addr netip.Addr) string {
	for _, p := range x.networks {
		if p.Contains(addr) {
			return RuleNetwork
		}
	}
	return ""
}

// ofAgent is the rule, if it is on, that a user agent meets, or "".
func (x *exclusion) ofAgent(d *device) string {
	if d.rule != "" && x.agents[d.rule] {
		return d.rule
	}
	return ""
}

// ofViewer is the rule that a viewer meets, or "".
func (x *exclusion) ofViewer(raw string, key event.ViewerKey) string {
	if len(x.viewers) > 0 && x.viewers[key] || raw != "" && len(x.hashes) > 0 && x.hashes[sha256.Sum256([]byte(raw))] {
		return RuleViewer
	}
	return ""
}

// Marks of user agents, in lower case. Previews go first: many call themselves
// bots. A phone of the make Cubot is none.
var (
	previewAgent = regexp.MustCompile(`facebookexternalhit|facebookcatalog|twitterbot|slackbot|slack-imgproxy|linkedinbot|^whatsapp/|telegrambot|discordbot|` +
		`skypeuripreview|redditbot|pinterestbot|vkshare|embedly|iframely|mastodon/|bsky\.app|outbrain|bitlybot|google-pagerenderer|w3c_validator|` +
		`pingdom|uptimerobot|statuscake|gtmetrix|chrome-lighthouse|pagespeed|datadogsynthetics|site24x7|betteruptime|better stack|` +
		`newrelicpinger|cloudwatchsynthetics|checkly`)
	botAgent      = regexp.MustCompile(`(?:^|[^u])bots?\b|crawler|spider|yahoo! slurp|mediapartners-google|bytespider|archiver|ccbot|scrapy`)
	headlessAgent = regexp.MustCompile(`headlesschrome|phantomjs|puppeteer|playwright|slimerjs|jsdom/`)
)

// ruleOfAgent is the rule that a user agent would meet, or "".
func ruleOfAgent(lower string) string {
	switch {
	case previewAgent.MatchString(lower):
		return RulePreview
	case botAgent.MatchString(lower):
		return RuleBot
	case headlessAgent.MatchString(lower):
		return RuleHeadless
	}
	return ""
}
