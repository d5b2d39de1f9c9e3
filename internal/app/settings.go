package app

import (
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"time"
)

// Settings are what an operator can say. Each is a flag, a line of the YAML
// file and a variable PLAYHEAD_…; the flag wins over the variable, the
// variable over the file.
type Settings struct {
	Listen  string `help:"Address to listen on." default:":8080" placeholder:"HOST:PORT"`
	DataDir string `help:"Folder that holds everything: log, warehouse, keys, pseudonym ring." default:"playhead-data" type:"path" placeholder:"DIR"`
	Roles   string `help:"What this process does; a subset needs Kafka." default:"collect,process,load,query" placeholder:"LIST"`

	PublicURL      string        `help:"URL under which players and people reach this server, for links and snippets." placeholder:"URL"`
	ReportTimezone string        `help:"Time zone in which days are cut; fixed by the first start." default:"UTC" placeholder:"ZONE"`
	Catalog        string        `help:"YAML or JSON file of titles." type:"path" placeholder:"FILE"`
	Partitions     int32         `help:"Partitions of the log; fixed by the first start." default:"4"`
	RetainEvents   time.Duration `help:"How long processed events stay in the log, for a rebuild." default:"1h"`

	RingFile       string   `help:"File of the pseudonym ring, when it shall not lie in the data folder. PLAYHEAD_RING holds the ring itself." type:"path" placeholder:"FILE"`
	TrustedProxies []string `help:"Networks whose X-Forwarded-For and country header are believed." placeholder:"CIDR"`
	CountryHeader  string   `help:"Header in which a trusted proxy names the viewer's country." default:"CF-IPCountry" placeholder:"NAME"`
	CountryFile    string   `help:"MaxMind-format file to find countries by address." type:"path" placeholder:"FILE"`

	WarehouseMemory int    `help:"Memory that DuckDB may use, MiB." default:"96" placeholder:"MIB"`
	LogMemory       int    `help:"Memory for the log's write buffers and cache, MiB." default:"64" placeholder:"MIB"`
	LoadMemory      int    `help:"Facts that may wait in memory for the warehouse, MiB; beyond that they wait in the log." default:"32" placeholder:"MIB"`
	MemoryLimit     int    `help:"Memory that Go may use before it collects harder, MiB." default:"256" placeholder:"MIB"`
	DebugListen     string `help:"Address for Go's profiler (pprof); none by default. Keep it on localhost." placeholder:"HOST:PORT"`
	LogLevel        string `help:"debug, info, warn or error." default:"info" enum:"debug,info,warn,error"`
	LogFormat       string `help:"text or json." default:"text" enum:"text,json"`
}

// allRoles in the order of the flow.
var allRoles = [...]string{"collect", "process", "load", "query"}

// Validate joins what is wrong with the settings, each with how to mend it.
func (s *Settings) Validate() error {
	var wrong []string
	roles := strings.Split(s.Roles, ",")
	for i := range roles {
		roles[i] = strings.TrimSpace(roles[i])
		if !slices.Contains(allRoles[:], roles[i]) {
			wrong = append(wrong, fmt.Sprintf("roles: %q is no role; choose from %s", roles[i], strings.Join(allRoles[:], ", ")))
		}
	}
	if len(wrong) == 0 && len(slices.Compact(slices.Sorted(slices.Values(roles)))) < len(allRoles) {
		wrong = append(wrong, "roles: a subset of roles needs Kafka, which this version cannot use yet; leave roles out to run all four in one process")
	}
	if _, err := time.LoadLocation(s.ReportTimezone); err != nil {
		wrong = append(wrong, fmt.Sprintf("report-timezone: %q is not a zone such as UTC or Europe/Berlin", s.ReportTimezone))
	}
	if s.Partitions < 1 || s.Partitions > 256 {
		wrong = append(wrong, fmt.Sprintf("partitions: %d is not between 1 and 256", s.Partitions))
	}
	if s.WarehouseMemory < 32 {
		wrong = append(wrong, fmt.Sprintf("warehouse-memory: %d MiB is too little; DuckDB needs 32 or more", s.WarehouseMemory))
	}
	if s.LogMemory < 16 {
		wrong = append(wrong, fmt.Sprintf("log-memory: %d MiB is too little; the log needs 16 or more", s.LogMemory))
	}
	if s.LoadMemory < 8 {
		wrong = append(wrong, fmt.Sprintf("load-memory: %d MiB is too little; keep at least 8", s.LoadMemory))
	}
	if s.RetainEvents < time.Minute {
		wrong = append(wrong, "retain-events: keep at least 1m")
	}
	if len(wrong) > 0 {
		return fmt.Errorf("%w:\n  %s", ErrSettings, strings.Join(wrong, "\n  "))
	}
	return nil
}

// ErrSettings: the settings are wrong; nothing was started.
var ErrSettings = fmt.Errorf("settings are not valid")

// Logger makes the process's logger.
func (s *Settings) Logger(w io.Writer) *slog.Logger {
	var level slog.Level
	_ = level.UnmarshalText([]byte(s.LogLevel)) // the enum admits only known names
	opts := &slog.HandlerOptions{Level: level}
	if s.LogFormat == "json" {
		return slog.New(slog.NewJSONHandler(w, opts))
	}
	return slog.New(slog.NewTextHandler(w, opts))
}

// CheckConfig says what is wrong with a configuration file, if anything.
func CheckConfig(path string) error {
	_, err := ReadConfig(path)
	return err
}

// DefaultSettings are what the flags default to.
func DefaultSettings() Settings {
	return Settings{
		Listen: ":8080", DataDir: "playhead-data", Roles: strings.Join(allRoles[:], ","), ReportTimezone: "UTC", Partitions: 4,
		RetainEvents: time.Hour, CountryHeader: "CF-IPCountry", WarehouseMemory: 96, LogMemory: 64, LoadMemory: 32, MemoryLimit: 256, LogLevel: "info", LogFormat: "text",
	}
}
