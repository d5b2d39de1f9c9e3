package source

import (
	"strings"
	"testing"
)

const goodTopic = "topics: [{name: plays, format: json, key: kafka}]\n"

// Every mistake is named by file and line, with its mend, before anything starts.
func TestMistakes(t *testing.T) {
	t.Setenv("SOURCE_PASSWORD", "hunter2")
	const head = "brokers: [a:9092]\n"
	for name, c := range map[string]struct{ text, want string }{
		"right":              {head + goodTopic, ""},
		"brokers as text":    {"brokers: a:9092, b:9092\n" + goodTopic, ""},
		"nothing":            {"", "source.yaml:1: brokers: name at least one"},
		"no topics":          {head, "topics: name at least one"},
		"misspelt":           {head + "tpoics: []\n", `source.yaml:2: "tpoics" is no field of the file; did you mean "topics"?`},
		"misspelt in topic":  {head + "topics:\n  - {name: a, format: json, key: k}\n  - {name: b, formt: json, key: k}\n", `source.yaml:4: "formt" is no field of a topic; did you mean "format"?`},
		"broken":             {"brokers: [\n", "source.yaml:"},
		"a URL":              {"brokers: [\"kafka://a:1\"]\n" + goodTopic, "is not HOST:PORT"},
		"twice":              {head + "group: a\ngroup: b\n" + goodTopic, "source.yaml:3: group is set twice"},
		"format":             {head + "topics: [{name: a, format: proto, key: k}]\n", "is not one of json, avro, protobuf"},
		"no key":             {head + "topics: [{name: a, format: json}]\n", "topic a: key is the name of the write key"},
		"no name":            {head + "topics: [{format: json, key: k}]\n", "each needs a name"},
		"topic twice":        {head + "topics:\n- {name: a, format: json, key: k}\n- {name: a, format: json, key: k}\n", "source.yaml:4: topics: a stands in line 3 already"},
		"loop":               {head + "topics: [{name: a, format: json, key: k, dead_letter: b}, {name: b, format: json, key: k}]\n", "b is a dead_letter, and would be read again"},
		"avro without":       {head + "topics: [{name: a, format: avro, key: k}]\n", "avro needs a registry, or a schema file"},
		"json with schema":   {head + "topics: [{name: a, format: json, key: k, framing: none}]\n", "JSON needs no schema"},
		"framing":            {head + "registry: {url: \"http://r\"}\ntopics: [{name: a, format: avro, key: k, framing: none}]\n", "a schema file is needed"},
		"schema is absent":   {head + "topics: [{name: a, format: avro, key: k, schema: no.avsc}]\n", "no.avsc: no such file"},
		"schema is none":     {head + "topics: [{name: a, format: avro, key: k, schema: bad.avsc}]\n", "topic a: parse the Avro schema"},
		"message":            {head + "topics: [{name: a, format: protobuf, key: k, schema: a.proto, message: X}]\n", "the schema has no message X; it has A"},
		"message for avro":   {head + "topics: [{name: a, format: avro, key: k, schema: good.avsc, message: X}]\n", "message is for protobuf"},
		"schemas":            {head + "topics: [{name: a, format: protobuf, key: k, schema: a.proto}, {name: b, format: avro, key: k, schema: good.avsc}]\n", ""},
		"map is absent":      {head + "topics: [{name: a, format: json, key: k, map: no.yaml}]\n", "no.yaml: no such file"},
		"map":                {head + "topics:\n- name: a\n  format: json\n  key: k\n  map: {fields: {type: t}}\n", "source.yaml:6: map: the mapping needs the field time"},
		"map, misspelt":      {head + "topics:\n- name: a\n  format: json\n  key: k\n  map: {feilds: {type: t}}\n", "feilds is none of fields"},
		"map file":           {head + "topics: [{name: a, format: json, key: k, map: map.yaml}]\n", ""},
		"tls":                {head + "tls: true\n" + goodTopic, ""},
		"tls key":            {head + "tls: {cert: good.avsc}\n" + goodTopic, "cert and key need each other"},
		"tls ca":             {head + "tls: {ca: good.avsc}\n" + goodTopic, "holds no certificate"},
		"password in it":     {head + "sasl: {mechanism: plain, user: me, password: hunter2}\n" + goodTopic, "a password does not belong into this file"},
		"no password":        {head + "sasl: {mechanism: plain, user: me}\n" + goodTopic, "plain needs user, and password_env or password_file"},
		"mechanism":          {head + "sasl: {mechanism: scram-sha256, user: me, password_env: SOURCE_PASSWORD}\n" + goodTopic, `did you mean "scram-sha-256"?`},
		"password not set":   {head + "sasl: {mechanism: plain, user: me, password_env: SOURCE_NOTHING}\n" + goodTopic, "the variable SOURCE_NOTHING is not set"},
		"password":           {head + "sasl: {mechanism: SCRAM-SHA-512, user: me, password_env: SOURCE_PASSWORD}\n" + goodTopic, ""},
		"two passwords":      {head + "sasl: {mechanism: plain, user: me, password_env: SOURCE_PASSWORD, password_file: secret}\n" + goodTopic, "not both"},
		"token":              {head + "sasl: {mechanism: oauthbearer}\n" + goodTopic, "either token_file or token_endpoint"},
		"token file":         {head + "sasl: {mechanism: oauthbearer, token_file: secret}\n" + goodTopic, ""},
		"endpoint":           {head + "sasl: {mechanism: oauthbearer, token_endpoint: \"https://x/t\"}\n" + goodTopic, "token_endpoint needs client_id"},
		"registry":           {head + "registry: {url: \"registry:8081\"}\n" + goodTopic, "url is not a URL"},
		"registry with user": {head + "registry: {url: \"http://me:hunter2@r\"}\n" + goodTopic, "without a user in it"},
		"registry password":  {head + "registry: {url: \"http://r\", user: me}\n" + goodTopic, "user needs password_env or password_file"},
		"start":              {head + "start: newest\n" + goodTopic, "is not one of earliest, latest"},
		"no value":           {head + "group:\n" + goodTopic, "source.yaml:2: expected one value"},
		"two mistakes":       {"groop: x\n" + goodTopic, `did you mean "group"?`},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := load(t, c.text, "bad.avsc", `{"type":"recrd"}`, "good.avsc", `{"type":"record","name":"A","fields":[]}`,
				"a.proto", `syntax = "proto3"; message A { string x = 1; }`, "map.yaml", "fields: {type: t, time: t}", "secret", "token\n")
			switch {
			case c.want == "" && err != nil:
				t.Fatal(err)
			case c.want == "":
			case err == nil:
				t.Fatal("no error")
			case !strings.Contains(err.Error(), c.want):
				t.Fatalf("got %v, want %s", err, c.want)
			case strings.Contains(err.Error(), "hunter2"):
				t.Fatalf("tells a password: %v", err)
			}
		})
	}
}
