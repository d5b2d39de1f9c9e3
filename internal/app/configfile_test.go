package app

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestReadConfig(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"right":       {"listen: \":9000\"\ntrusted-proxies: [10.0.0.0/8, 192.168.0.0/16]\nretain_events: 2h\n", ""},
		"empty":       {"", ""},
		"misspelt":    {"lisen: \":9000\"\n", `playhead.yaml:1: "lisen" is no setting; did you mean "listen"?`},
		"second line": {"listen: \":1\"\ndata-dri: x\n", `playhead.yaml:2: "data-dri" is no setting; did you mean "data-dir"?`},
		"far off":     {"colour_of_the_sky: blue\n", "`playhead serve --help` lists them"},
		"number":      {"partitions: many\n", `playhead.yaml:1: partitions: "many" is not a whole number`},
		"duration":    {"retain-events: soon\n", `is not a length of time`},
		"twice":       {"listen: a\nlisten: b\n", "playhead.yaml:2: "},
		"no mapping":  {"- a\n- b\n", "expected settings"},
		"broken":      {"listen: [\n", "playhead.yaml:"},
		"both":        {"lisen: 1\nroels: x\n", `did you mean "roles"?`},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			path := filepath.Join(dir, "playhead.yaml")
			if err := os.WriteFile(path, []byte(c.text), 0o600); err != nil {
				t.Fatal(err)
			}
			got, err := ReadConfig(path)
			switch {
			case c.want == "" && err != nil:
				t.Fatal(err)
			case c.want != "" && err == nil:
				t.Fatalf("no error, got %v", got)
			case c.want != "" && !strings.Contains(err.Error(), c.want):
				t.Fatalf("got %v, want %s", err, c.want)
			case name == "right" && (got["listen"] != ":9000" || got["trusted-proxies"] != "10.0.0.0/8,192.168.0.0/16" || got["retain-events"] != "2h"):
				t.Fatalf("got %v", got)
			}
		})
	}
}

func TestCheckConfigRefusesWhatServeWouldRefuse(t *testing.T) {
	for text, want := range map[string]string{
		"listen: \":1\"\nlog_level: loud\n":                `playhead.yaml:2: log-level: "loud" is not one of`,
		"report_timezone: Mars/Olympus\n":                  "playhead.yaml:1: report-timezone: ",
		"listen: \":1\"\npartitions: -1\n":                 "playhead.yaml:2: partitions: -1 is not between",
		"warehouse: mysql://u:secret@h/\n":                 `playhead.yaml:1: warehouse: the address begins with "mysql:"`,
		"warehouse: clickhouse://h/tv\n":                   "",
		"roles: [collect]\n":                               "playhead.yaml:1: roles: a subset of roles needs Kafka",
		"roles: [collect, process, load, query]\n":         "",
		"roles: collect,process,load,query\nmax_body: 7\n": "",
	} {
		path := filepath.Join(t.TempDir(), "playhead.yaml")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		err := CheckConfig(path)
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%q: got %v, want %q", text, err, want)
		}
	}
}
