package collect

import (
	"strings"
	"sync"
	"sync/atomic"

	"github.com/mileusna/useragent"
)

// deviceType is the type of the closed list that a client means; exact tells
// that it wrote it so.
func deviceType(raw string) (known string, exact bool) {
	switch raw {
	case "tv":
		return "tv", true
	case "phone":
		return "phone", true
	case "tablet":
		return "tablet", true
	case "desktop":
		return "desktop", true
	case "console":
		return "console", true
	case "set_top_box":
		return "set_top_box", true
	case "mobile":
		return "mobile", true
	case "web":
		return "web", true
	case "other":
		return "other", true
	}
	switch strings.NewReplacer("-", "_", " ", "_").Replace(strings.ToLower(raw)) {
	case "tv", "smart_tv", "smarttv", "television", "connected_tv", "ctv", "ott":
		return "tv", false
	case "phone", "smartphone", "mobile_phone", "iphone", "handset":
		return "phone", false
	case "tablet", "ipad":
		return "tablet", false
	case "mobile", "handheld":
		return "mobile", false
	case "desktop", "pc", "computer", "laptop":
		return "desktop", false
	case "web", "browser":
		return "web", false
	case "console", "game_console", "games_console", "gaming_console":
		return "console", false
	case "set_top_box", "settopbox", "stb", "set_top", "streaming_stick", "streaming_box", "streamer":
		return "set_top_box", false
	}
	return "other", false
}

// device is what a user agent tells.
type device struct {
	kind, os, osVersion, browser, browserVersion string
	// rule is the exclusion rule that the agent meets, on or off, or "".
	rule string
}

// deviceCache remembers user agents: there are few and parsing them is slow.
// It keeps two generations, so that what is in use stays. Reading takes no lock:
// a thousand requests at once would queue for it.
type deviceCache struct {
	mu         sync.Mutex // of changing generations
	young, old atomic.Pointer[agents]
}

// agents is one generation: user agent → *device.
type agents struct {
	sync.Map
	n atomic.Int32
}

const (
	deviceCacheSize = 2048
	longestAgent    = 512
)

func newDeviceCache() *deviceCache {
	c := &deviceCache{}
	c.young.Store(&agents{})
	c.old.Store(&agents{})
	return c
}

func (c *deviceCache) of(agent string) *device {
	if len(agent) > longestAgent {
		agent = agent[:longestAgent]
	}
	young := c.young.Load()
	if d, ok := young.Load(agent); ok {
		return d.(*device)
	}
	d, ok := c.old.Load().Load(agent)
	if !ok {
		d = parseAgent(agent)
	}
	if d, ok = young.LoadOrStore(strings.Clone(agent), d); !ok && young.n.Add(1) >= deviceCacheSize {
		c.turn(young)
	}
	return d.(*device)
}

// turn makes the full generation the old one, once.
func (c *deviceCache) turn(full *agents) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.young.Load() == full {
		c.old.Store(full)
		c.young.Store(&agents{})
	}
}

// agentMarks are parts of user agents that tell what the parser does not; the
// first that fits counts. An empty os is the parser's.
var agentMarks = []struct{ mark, kind, os string }{
	{"playstation", "console", "PlayStation"}, {"xbox", "console", "Xbox"}, {"nintendo", "console", "Nintendo"},
	{"roku", "set_top_box", "Roku OS"}, {" aft", "set_top_box", "Fire OS"}, {"appletv", "set_top_box", "tvOS"},
	{"apple tv", "set_top_box", "tvOS"}, {"crkey", "set_top_box", "Cast"},
	{"tizen", "tv", "Tizen"}, {"web0s", "tv", "webOS"}, {"webos", "tv", "webOS"}, {"netcast", "tv", "NetCast"},
	{"bravia", "tv", ""}, {"googletv", "tv", "Android"}, {"android tv", "tv", "Android"}, {"viera", "tv", ""},
	{"smart-tv", "tv", ""}, {"smarttv", "tv", ""}, {"smart_tv", "tv", ""}, {"hbbtv", "tv", ""},
}

func parseAgent(agent string) *device {
	d := &device{}
	if agent == "" {
		return d
	}
	ua := useragent.Parse(agent)
	lower := strings.ToLower(agent)
	d.rule = ruleOfAgent(lower)
	for _, m := range agentMarks {
		if !strings.Contains(lower, m.mark) {
			continue
		}
		d.kind, d.os = m.kind, m.os
		d.browser, d.browserVersion = ua.Name, version(ua.Version)
		if d.os == "" || d.os == ua.OS {
			d.os, d.osVersion = ua.OS, version(ua.OSVersion)
		}
		return d
	}
	switch {
	case ua.Bot && d.rule != RuleHeadless:
		return d // a server or a robot is not what the viewer watches on
	case ua.Tablet:
		d.kind = "tablet"
	case ua.Mobile:
		d.kind = "phone"
	case ua.Desktop:
		d.kind = "desktop"
	default:
		return d
	}
	d.os, d.osVersion = ua.OS, version(ua.OSVersion)
	d.browser, d.browserVersion = ua.Name, version(ua.Version)
	return d
}

// version is the first two numbers of a version: what figures are told apart by.
func version(full string) string {
	full = strings.ReplaceAll(full, "_", ".")
	end, dots := 0, 0
	for end < len(full) && (full[end] >= '0' && full[end] <= '9' || full[end] == '.' && end > 0 && dots == 0) {
		if full[end] == '.' {
			dots++
		}
		end++
	}
	return strings.TrimSuffix(full[:end], ".")
}
