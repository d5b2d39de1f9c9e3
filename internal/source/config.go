package source

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"gopkg.in/yaml.v3"

	"playhead/internal/mapping"
	"playhead/internal/source/records"
	"playhead/internal/source/registry"
)

// Config says what is read from where. Load makes it.
type Config struct {
	Brokers  []string
	Group    string
	Instance string // of static membership, or ""
	ClientID string
	Latest   bool // begin at the end where the group has no offset yet
	TLS      *TLS // nil without encryption
	SASL     *SASL
	Registry *Registry // nil without one
	Topics   []Topic

	schemas *registry.Client // nil without a registry
}

// TLS of a connection; every field may be empty.
type TLS struct{ CA, Cert, Key, ServerName string }

// SASL says who connects.
type SASL struct {
	Mechanism string // one of mechanisms
	User      string
	Password  Secret
	// Of OAUTHBEARER: a file that holds the token, or where to get one.
	TokenFile, TokenEndpoint, ClientID, Scope string
	ClientSecret                              Secret
	Extensions                                map[string]string
}

// Registry is where schemas are looked up.
type Registry struct {
	URL, User string
	Password  Secret
	CA        string
}

// Topic is one topic that is read.
type Topic struct {
	Name   string
	Format string // one of formats
	Key    string // name of the write key that its events count under
	Map    *mapping.Mapping
	// DeadLetter is the topic for records that cannot be used, or "".
	DeadLetter string

	decoder records.Decoder
}

// Mechanisms of SASL, formats of values and what stands in front of them.
var (
	mechanisms = []string{"plain", "scram-sha-256", "scram-sha-512", "oauthbearer"}
	formats    = []string{"json", "avro", "protobuf"}
	framings   = []string{"confluent", "none"}
	starts     = []string{"earliest", "latest"}
)

// Load reads a file that says what is read from where, and everything that it
// names, so that nothing starts with half of it. Errors: *ConfigError, joined.
func Load(ctx context.Context, path string) (*Config, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read what Kafka is a source of: %w", err)
	}
	f := &form{path: path, folder: filepath.Dir(path)}
	var doc yaml.Node
	if err := yaml.Unmarshal(text, &doc); err != nil {
		return nil, &ConfigError{path, yamlLine(err), strings.TrimPrefix(err.Error(), "yaml: ")}
	}
	c := &Config{Group: "playhead", ClientID: "playhead"}
	root := &yaml.Node{Kind: yaml.MappingNode, Line: 1}
	if len(doc.Content) > 0 {
		root = doc.Content[0]
	}
	var topics *yaml.Node
	var start string
	f.fields(root, "the file", map[string]func(*yaml.Node){
		"brokers": f.list(&c.Brokers), "group": f.text(&c.Group), "instance": f.text(&c.Instance), "client_id": f.text(&c.ClientID),
		"start": f.choice(&start, starts), "tls": func(n *yaml.Node) { c.TLS = f.tls(n) }, "sasl": func(n *yaml.Node) { c.SASL = f.sasl(n) },
		"registry": func(n *yaml.Node) { c.Registry = f.registry(n) }, "topics": func(n *yaml.Node) { topics = n },
	})
	c.Latest = start == "latest"
	f.brokers(root, c.Brokers)
	if c.Registry != nil && len(f.wrong) == 0 {
		if c.schemas, err = c.Registry.client(); err != nil {
			f.bad(root, "registry: %v", err)
		}
	}
	f.topics(ctx, root, topics, c)
	return c, f.err()
}

func (f *form) brokers(root *yaml.Node, list []string) {
	if len(list) == 0 {
		f.bad(root, "brokers: name at least one, such as kafka-1.example:9092")
	}
	for _, b := range list {
		if strings.Contains(b, "://") || strings.ContainsAny(b, " /@") {
			f.bad(root, "brokers: %q is not HOST:PORT", b)
		}
	}
}

func (f *form) tls(n *yaml.Node) *TLS {
	t := &TLS{}
	if n.Kind == yaml.ScalarNode && (n.Value == "true" || n.Value == "false") {
		if n.Value == "false" {
			return nil
		}
		return t
	}
	f.fields(n, "tls", map[string]func(*yaml.Node){
		"ca": f.file(&t.CA), "cert": f.file(&t.Cert), "key": f.file(&t.Key), "server_name": f.text(&t.ServerName),
	})
	if (t.Cert == "") != (t.Key == "") {
		f.bad(n, "tls: cert and key need each other")
	}
	if _, err := t.config(); err != nil {
		f.bad(n, "tls: %v", err)
	}
	return t
}

func (f *form) sasl(n *yaml.Node) *SASL {
	s := &SASL{}
	f.fields(n, "sasl", map[string]func(*yaml.Node){
		"mechanism": f.choice(&s.Mechanism, mechanisms), "user": f.text(&s.User),
		"password": f.literal("password"), "password_env": f.env(&s.Password), "password_file": f.secretFile(&s.Password),
		"token_file": f.file(&s.TokenFile), "token_endpoint": f.text(&s.TokenEndpoint), "client_id": f.text(&s.ClientID), "scope": f.text(&s.Scope),
		"client_secret": f.literal("client_secret"), "client_secret_env": f.env(&s.ClientSecret), "client_secret_file": f.secretFile(&s.ClientSecret),
		"extensions": f.pairs(&s.Extensions),
	})
	endpoint := s.TokenEndpoint != ""
	switch {
	case s.Mechanism == "":
		f.bad(n, "sasl: mechanism is one of %s", strings.Join(mechanisms, ", "))
	case s.Mechanism == "oauthbearer" && (s.TokenFile == "") == !endpoint:
		f.bad(n, "sasl: oauthbearer needs either token_file or token_endpoint")
	case s.Mechanism == "oauthbearer" && endpoint && (s.ClientID == "" || s.ClientSecret == Secret{}):
		f.bad(n, "sasl: token_endpoint needs client_id, and client_secret_env or client_secret_file")
	case s.Mechanism == "oauthbearer" && endpoint && !isURL(s.TokenEndpoint):
		f.bad(n, "sasl: token_endpoint is not a URL such as https://login.example/token")
	case s.Mechanism != "oauthbearer" && (s.User == "" || s.Password == Secret{}):
		f.bad(n, "sasl: %s needs user, and password_env or password_file", s.Mechanism)
	}
	return s
}

func (f *form) registry(n *yaml.Node) *Registry {
	r := &Registry{}
	f.fields(n, "registry", map[string]func(*yaml.Node){
		"url": f.text(&r.URL), "user": f.text(&r.User), "ca": f.file(&r.CA),
		"password": f.literal("password"), "password_env": f.env(&r.Password), "password_file": f.secretFile(&r.Password),
	})
	switch {
	case !isURL(r.URL):
		f.bad(n, "registry: url is not a URL such as https://registry.example:8081, without a user in it")
	case (r.User == "") != (r.Password == Secret{}):
		f.bad(n, "registry: user needs password_env or password_file, and they need it")
	}
	return r
}

// client makes the registry's client.
func (r *Registry) client() (*registry.Client, error) {
	o := registry.Options{URL: r.URL, User: r.User, Password: r.Password.Read}
	if r.CA != "" {
		var err error
		if o.TLS, err = (&TLS{CA: r.CA}).config(); err != nil {
			return nil, err
		}
	}
	return registry.New(o), nil
}

func (f *form) topics(ctx context.Context, root, list *yaml.Node, c *Config) {
	if list == nil || list.Kind != yaml.SequenceNode || len(list.Content) == 0 {
		f.bad(root, "topics: name at least one, such as `- {name: plays, format: json, key: kafka}`")
		return
	}
	lines := map[string]int{}
	for _, n := range list.Content {
		t := f.topic(ctx, n, c)
		if t.Name == "" {
			continue
		}
		if lines[t.Name] > 0 {
			f.bad(n, "topics: %s stands in line %d already", t.Name, lines[t.Name])
		}
		lines[t.Name] = n.Line
		c.Topics = append(c.Topics, t)
	}
	for _, t := range c.Topics {
		if t.DeadLetter != "" && lines[t.DeadLetter] > 0 {
			f.bad(&yaml.Node{Line: lines[t.DeadLetter]}, "topics: %s is a dead_letter, and would be read again", t.DeadLetter)
		}
	}
}

func (f *form) topic(ctx context.Context, n *yaml.Node, c *Config) Topic {
	var t Topic
	var schema, message, framing string
	var schemaAt *yaml.Node
	f.fields(n, "a topic", map[string]func(*yaml.Node){
		"name": f.text(&t.Name), "format": f.choice(&t.Format, formats), "key": f.text(&t.Key), "dead_letter": f.text(&t.DeadLetter),
		"map": func(n *yaml.Node) { t.Map = f.mapping(n) }, "message": f.text(&message), "framing": f.choice(&framing, framings),
		"schema": func(n *yaml.Node) { schemaAt = n; f.file(&schema)(n) },
	})
	before := len(f.wrong)
	switch {
	case t.Name == "":
		f.bad(n, "topics: each needs a name")
	case t.Format == "":
		f.bad(n, "topic %s: format is one of %s", t.Name, strings.Join(formats, ", "))
	case t.Key == "":
		f.bad(n, "topic %s: key is the name of the write key that its events count under", t.Name)
	case t.Format == "json" && (schema != "" || framing != ""):
		f.bad(n, "topic %s: JSON needs no schema and no framing", t.Name)
	case message != "" && (t.Format != "protobuf" || schema == ""):
		f.bad(n, "topic %s: message is for protobuf with a schema file", t.Name)
	case t.Format != "json" && schema == "" && c.Registry == nil:
		f.bad(n, "topic %s: %s needs a registry, or a schema file", t.Name, t.Format)
	case framing == "none" && schema == "":
		f.bad(n, "topic %s: without the number of a schema in front (framing: none) a schema file is needed", t.Name)
	}
	if len(f.wrong) > before || schemaAt != nil && schema == "" {
		return t
	}
	var err error
	if t.decoder, err = c.decoderOf(ctx, &t, schema, message, framing == "confluent"); err != nil {
		f.bad(schemaAt, "topic %s: %v", t.Name, err)
	}
	return t
}

// decoderOf makes a topic's decoder. Errors: a schema file that cannot be used.
func (c *Config) decoderOf(ctx context.Context, t *Topic, schema, message string, framed bool) (records.Decoder, error) {
	if t.Format == "json" {
		return records.NewJSON(), nil
	}
	if schema == "" {
		if t.Format == "avro" {
			return records.NewAvro(c.schemas), nil
		}
		return records.NewProtobuf(c.schemas), nil
	}
	text, err := os.ReadFile(schema)
	if err != nil {
		return nil, fmt.Errorf("read the schema: %w", err)
	}
	if t.Format == "avro" {
		return records.NewAvroOf(text, framed)
	}
	return records.NewProtobufOf(ctx, text, message, framed)
}

// mapping is inline, or in a file of its own.
func (f *form) mapping(n *yaml.Node) *mapping.Mapping {
	if n.Kind != yaml.ScalarNode {
		m, err := mapping.ParseNode(n)
		if err != nil {
			f.bad(n, "map: %v", err)
		}
		return m
	}
	var path string
	f.file(&path)(n)
	if path == "" {
		return nil
	}
	text, err := os.ReadFile(path)
	if err != nil {
		f.bad(n, "map: %v", err)
		return nil
	}
	m, err := mapping.Parse(text)
	if err != nil {
		f.bad(n, "map: %s: %v", n.Value, err)
	}
	return m
}
