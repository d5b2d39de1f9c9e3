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
	MinViewers     int           `help:"Weekly cells of audience dimensions (affinity, region, search text) with fewer viewers are left out of answers; 0 leaves none out." default:"5" placeholder:"N"`
	Partitions     int32         `help:"Partitions of the log, fixed by the first start: 0 takes as many as there are, and makes 16, or 4 on Kafka." default:"0"`
	RetainEvents   time.Duration `help:"How long processed events stay in the log, for a rebuild." default:"1h"`

	Kafka            []string      `help:"Kafka brokers to keep the log on; none keeps it in the data folder." placeholder:"HOST:PORT"`
	KafkaPrefix      string        `help:"What the names of topics and of the consumer group begin with." default:"playhead." placeholder:"TEXT"`
	KafkaReplication int           `help:"Replicas of topics that are made; 0 is 3, or as many as there are brokers." default:"0" placeholder:"N"`
	KafkaRetain      time.Duration `help:"How long topics that are made keep events and facts." default:"72h"`
	KafkaMember      string        `help:"A name of this processor that no other has: after a restart it has its partitions back without a rebalance." placeholder:"NAME"`
	KafkaTLS         string        `name:"kafka-tls" help:"Encrypt connections to Kafka: on or off." default:"off" enum:"on,off"`
	KafkaCA          string        `name:"kafka-ca" help:"Certificates (PEM) that Kafka's are signed with; the system's by default." type:"path" placeholder:"FILE"`
	KafkaCert        string        `help:"Certificate (PEM) to show to Kafka." type:"path" placeholder:"FILE"`
	KafkaKey         string        `help:"The certificate's key (PEM)." type:"path" placeholder:"FILE"`
	KafkaSASL        string        `name:"kafka-sasl" help:"How to sign in: off, plain, scram-sha-256, scram-sha-512 or oauthbearer." default:"off" enum:"off,plain,scram-sha-256,scram-sha-512,oauthbearer"`
	KafkaUser        string        `help:"Who signs in." placeholder:"NAME"`
	KafkaSecretFile  string        `help:"File with the password, or the token, read at each connection; PLAYHEAD_KAFKA_SECRET holds it itself." type:"path" placeholder:"FILE"`

	KafkaFormat             string `help:"How events and facts are written: avro, which others read by the schemas that playhead schema prints, or compact. Both are read." default:"compact" enum:"avro,compact"`
	KafkaRegistry           string `help:"Schema registry in which the schemas are registered; records then begin as Confluent's do, else by Avro's single-object encoding." placeholder:"URL"`
	KafkaRegistryUser       string `help:"Who signs in at the registry." placeholder:"NAME"`
	KafkaRegistrySecretFile string `help:"File with the password for the registry; PLAYHEAD_KAFKA_REGISTRY_SECRET holds it itself." type:"path" placeholder:"FILE"`
	KafkaRegistryCA         string `name:"kafka-registry-ca" help:"Certificates (PEM) that the registry's is signed with; the system's by default." type:"path" placeholder:"FILE"`

	RingFile       string   `help:"File of the pseudonym ring, when it shall not lie in the data folder. PLAYHEAD_RING holds the ring itself." type:"path" placeholder:"FILE"`
	TrustedProxies []string `help:"Networks whose X-Forwarded-For and country header are believed." placeholder:"CIDR"`
	CountryHeader  string   `help:"Header in which a trusted proxy names the viewer's country." default:"CF-IPCountry" placeholder:"NAME"`
	CountryFile    string   `help:"MaxMind-format file to find countries, and regions and ISPs if it has them, by address." type:"path" placeholder:"FILE"`
	ISPFile        string   `help:"MaxMind-format file to find ISPs by address." type:"path" placeholder:"FILE"`

	Exclude          []string `help:"Whose events are left out, by user agent: bot, preview, headless." default:"bot,preview" placeholder:"RULE"`
	InternalNetworks []string `help:"Addresses and networks whose events are left out." placeholder:"CIDR"`
	InternalViewers  []string `help:"Viewer ids whose events are left out, or sha256: and the hash of one." placeholder:"ID"`
	CDNHosts         []string `name:"cdn-hosts" help:"Names of CDNs by the host that media comes from; large CDNs are known." placeholder:"HOST=NAME"`

	CollectPaths   []string      `help:"More paths for the intake, such as /t/e=native or /t/c=cmcd." placeholder:"/PATH=FORMAT"`
	CollectHosts   []string      `help:"Host names on which there is nothing but the intake." placeholder:"HOST"`
	MaxBody        int           `help:"Largest body of a request, decompressed, MiB." default:"5" placeholder:"MIB"`
	MaxEvents      int           `help:"Most events in one request." default:"10000" placeholder:"N"`
	MaxInFlight    int           `help:"Bodies of all requests under way together, MiB; beyond it clients are told to wait." default:"128" placeholder:"MIB"`
	MaxLag         time.Duration `help:"For how long what was taken in may wait in the log for the processor, the warehouse or the lake; beyond it clients are told to wait (429). 0s is without bound." default:"15m"`
	MaxTrail       time.Duration `help:"How far figures may trail because more comes than this machine can process; beyond it senders are held back to what it can, and told to wait (429) when that takes more than a second. 0s takes all that the log can hold." default:"800ms"`
	Drain          time.Duration `help:"How long to go on serving after a stop was asked for, and not be ready: so long a load balancer may take to notice." default:"0s"`
	MaxConnections int           `help:"Most connections at once; further ones wait." default:"8192" placeholder:"N"`

	KafkaSource string `help:"YAML file that says which Kafka topics of yours to take events from (docs/kafka-source.md)." type:"path" placeholder:"FILE"`

	TLSCert       string   `name:"tls-cert" help:"Certificate file (PEM) for HTTPS; read anew when it changes." type:"path" placeholder:"FILE"`
	TLSKey        string   `name:"tls-key" help:"The certificate's key file (PEM)." type:"path" placeholder:"FILE"`
	ACMEHost      []string `name:"acme-host" help:"Host names to get certificates for by ACME (Let's Encrypt), on port 443." placeholder:"HOST"`
	ACMEEmail     string   `name:"acme-email" help:"Where the certificate authority writes to." placeholder:"ADDRESS"`
	ACMEDirectory string   `name:"acme-directory" help:"Another certificate authority's ACME directory." placeholder:"URL"`

	Lake        string        `help:"Keep every event as Parquet in the data folder: on or off." default:"on" enum:"on,off"`
	LakeKeep    time.Duration `help:"How long events stay in the lake, by their own time; 0s is forever." default:"9600h"`
	LakeKeyFile string        `help:"File with a key that encrypts the lake, 32, 48 or 64 hexadecimal digits; PLAYHEAD_LAKE_KEY holds the key itself." type:"path" placeholder:"FILE"`

	Warehouse       string `help:"Where figures are kept: duckdb, in the data folder, or clickhouse://USER:PASSWORD@HOST:9000/DATABASE; better as a variable or in the file, where nobody sees the password." default:"duckdb" placeholder:"ADDRESS"`
	WarehouseMemory int    `help:"Memory that DuckDB may use, MiB; 0 is a 96th of the machine's, 96 to 512." default:"0" placeholder:"MIB"`
	LogMemory       int    `help:"Memory for the log's write buffers and cache, MiB; 0 is a 256th of the machine's, 64 to 256." default:"0" placeholder:"MIB"`
	LoadMemory      int    `help:"Facts that may wait in memory for the warehouse, MiB; beyond that they wait in the log. 0 is a 192nd of the machine's, 32 to 128." default:"0" placeholder:"MIB"`
	MemoryLimit     int    `help:"Memory that Go may use before it collects harder, MiB; 0 is no bound. A tight one costs speed." default:"0" placeholder:"MIB"`
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
	if len(wrong) == 0 {
		wrong = append(wrong, s.wrongOnKafka()...)
	}
	if _, err := time.LoadLocation(s.ReportTimezone); err != nil {
		wrong = append(wrong, fmt.Sprintf("report-timezone: %q is not a zone such as UTC or Europe/Berlin", s.ReportTimezone))
	}
	if s.MinViewers < 0 || s.MinViewers > 1000 {
		wrong = append(wrong, fmt.Sprintf("min-viewers: %d is not between 0 and 1000", s.MinViewers))
	}
	if s.Partitions < 0 || s.Partitions > 256 {
		wrong = append(wrong, fmt.Sprintf("partitions: %d is not between 1 and 256, or 0 for as many as there are", s.Partitions))
	}
	if s.WarehouseMemory != 0 && s.WarehouseMemory < 32 {
		wrong = append(wrong, fmt.Sprintf("warehouse-memory: %d MiB is too little; DuckDB needs 32 or more; 0 leaves it to the machine", s.WarehouseMemory))
	}
	if s.LogMemory != 0 && s.LogMemory < 16 {
		wrong = append(wrong, fmt.Sprintf("log-memory: %d MiB is too little; the log needs 16 or more, or 0 to leave it to the machine", s.LogMemory))
	}
	if s.LoadMemory != 0 && s.LoadMemory < 8 {
		wrong = append(wrong, fmt.Sprintf("load-memory: %d MiB is too little; keep at least 8, or 0 to leave it to the machine", s.LoadMemory))
	}
	wrong = append(wrong, s.wrongWarehouse()...)
	wrong = append(wrong, s.wrongAtTheDoor()...)
	if s.Drain < 0 || s.Drain > 5*time.Minute {
		wrong = append(wrong, "drain: allow at most 5m, or 0s to stop at once")
	}
	if s.RetainEvents < time.Minute {
		wrong = append(wrong, "retain-events: keep at least 1m")
	}
	if s.LakeKeep < 0 || s.LakeKeep > 0 && s.LakeKeep < time.Hour {
		wrong = append(wrong, "lake-keep: keep at least 1h, or 0s for forever")
	}
	if s.MaxLag < 0 || s.MaxLag > 0 && s.MaxLag < 5*time.Second {
		wrong = append(wrong, "max-lag: allow at least 5s, or 0s for no bound")
	}
	if s.MaxTrail < 0 || s.MaxTrail > 0 && s.MaxTrail < 200*time.Millisecond {
		wrong = append(wrong, "max-trail: allow at least 200ms, or 0s for no bound")
	}
	if len(wrong) > 0 {
		return fmt.Errorf("%w:\n  %s", ErrSettings, strings.Join(wrong, "\n  "))
	}
	return nil
}

// wrongAtTheDoor is what is wrong with limits and encryption.
func (s *Settings) wrongAtTheDoor() (wrong []string) {
	for _, limit := range []struct {
		name     string
		value    int
		from, to int
	}{
		{"max-body", s.MaxBody, 1, 64}, {"max-events", s.MaxEvents, 1, 1_000_000},
		{"max-in-flight", s.MaxInFlight, 2 * s.MaxBody, 16 << 10}, {"max-connections", s.MaxConnections, 16, 1_000_000},
	} {
		if limit.value < limit.from || limit.value > limit.to {
			wrong = append(wrong, fmt.Sprintf("%s: %d is not between %d and %d", limit.name, limit.value, limit.from, limit.to))
		}
	}
	switch {
	case (s.TLSCert == "") != (s.TLSKey == ""):
		wrong = append(wrong, "tls-cert, tls-key: each needs the other")
	case s.TLSCert != "" && len(s.ACMEHost) > 0:
		wrong = append(wrong, "acme-host: choose certificate files or ACME, not both")
	}
	return wrong
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
	values, lines, err := readConfig(path)
	if err != nil {
		return err
	}
	return checkValues(path, values, lines)
}

// DefaultSettings are what the flags default to.
func DefaultSettings() Settings {
	return Settings{
		Listen: ":8080", DataDir: "playhead-data", Roles: strings.Join(allRoles[:], ","), ReportTimezone: "UTC", MinViewers: 5,
		RetainEvents: time.Hour, CountryHeader: "CF-IPCountry", Warehouse: embedded, LogLevel: "info", LogFormat: "text",
		Exclude: []string{"bot", "preview"}, MaxBody: 5, MaxEvents: 10_000, MaxInFlight: 128, MaxConnections: 8192, MaxLag: 15 * time.Minute, MaxTrail: 800 * time.Millisecond,
		Lake: "on", LakeKeep: 9600 * time.Hour, KafkaPrefix: "playhead.", KafkaRetain: 72 * time.Hour, KafkaTLS: "off", KafkaSASL: "off",
		KafkaFormat: "compact",
	}
}
