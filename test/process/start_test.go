package process

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// commands are all verbs of the binary.
var commands = [][]string{
	{"serve"}, {"demo"}, {"keys", "create"}, {"keys", "list"}, {"keys", "revoke"},
	{"query"}, {"config", "check"}, {"simulate"}, {"verify"}, {"version"},
}

func TestEveryCommandHasHelpWithAnExample(t *testing.T) {
	for _, command := range commands {
		r := playhead(t, append(command, "--help")...)
		if r.code != 0 || !strings.Contains(r.stdout, "Example") || !strings.Contains(r.stdout, "playhead "+strings.Join(command, " ")) {
			t.Errorf("playhead %s --help: %s", strings.Join(command, " "), r)
		}
	}
}

func TestWrongUsageExitsTwo(t *testing.T) {
	for _, args := range [][]string{
		{"dance"}, {"serve", "--no-such-flag"}, {"serve", "--listen"}, {"query"}, {"keys", "create"},
		{"keys", "create", "--read", "--write"}, {"simulate"}, {"verify"}, {"config"}, {"config", "check"},
		{"demo", "--viewers", "many"}, {"serve", "--roles", "collect,cook"},
	} {
		r := playhead(t, args...)
		if r.code != 2 || strings.TrimSpace(r.stderr) == "" {
			t.Errorf("playhead %s: %s\nwant exit 2 and a reason", strings.Join(args, " "), r)
		}
		if strings.Contains(r.stderr, "panic") || strings.Contains(r.stderr, "goroutine ") {
			t.Errorf("playhead %s: a stack trace is no answer: %s", strings.Join(args, " "), r.stderr)
		}
	}
}

func TestVersion(t *testing.T) {
	r := playhead(t, "version")
	if r.code != 0 || !strings.HasPrefix(r.stdout, "playhead ") {
		t.Errorf("playhead version: %s", r)
	}
}

// refused starts a server that must not start, and returns its words.
func refused(t *testing.T, wantCode int, args ...string) string {
	t.Helper()
	r := playhead(t, append([]string{"serve"}, args...)...)
	if r.code != wantCode {
		t.Errorf("playhead serve %s: %s\nwant exit %d", strings.Join(args, " "), r, wantCode)
	}
	if strings.Contains(r.stderr, "goroutine ") {
		t.Errorf("a stack trace is no answer: %s", r.stderr)
	}
	return r.stderr
}

func mustSay(t *testing.T, text string, words ...string) {
	t.Helper()
	for _, word := range words {
		if !strings.Contains(text, word) {
			t.Errorf("the message lacks %q:\n%s", word, text)
		}
	}
}

func TestPortInUse(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	said := refused(t, 1, "--listen", l.Addr().String(), "--data-dir", filepath.Join(t.TempDir(), "data"))
	mustSay(t, said, l.Addr().String(), "in use", "--listen")
}

func TestDataFolderNotWritable(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	// A folder below a file cannot be made by anybody, root included.
	below := filepath.Join(file, "data")
	mustSay(t, refused(t, 1, "--listen", freeAddr(t), "--data-dir", below), below)

	if os.Getuid() != 0 { // root writes everywhere
		shut := filepath.Join(t.TempDir(), "shut")
		if err := os.Mkdir(shut, 0o500); err != nil {
			t.Fatal(err)
		}
		mustSay(t, refused(t, 1, "--listen", freeAddr(t), "--data-dir", shut), shut, "permission denied")
	}
}

func TestSecondProcessOnTheSameFolder(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	mustSay(t, refused(t, 1, "--listen", freeAddr(t), "--data-dir", s.dir), s.dir, "another")
	if got := s.post("/v1/events", s.key("write"), []byte("[]"), nil).status; got != 200 {
		t.Errorf("the first server answers %d afterwards", got)
	}
}

func TestConfigurationWithMisspeltSetting(t *testing.T) {
	t.Parallel()
	config := filepath.Join(t.TempDir(), "playhead.yaml")
	if err := os.WriteFile(config, []byte("# ours\nlisten: 127.0.0.1:0\nlog_levle: debug\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	check := playhead(t, "config", "check", config)
	if check.code == 0 {
		t.Errorf("config check: %s", check)
	}
	mustSay(t, check.stderr, config+":3", "log_levle", "log-level")
	said := refused(t, 2, "--config", config, "--data-dir", filepath.Join(t.TempDir(), "data"))
	mustSay(t, said, config+":3", "log_levle", "log-level")

	right := filepath.Join(t.TempDir(), "right.yaml")
	if err := os.WriteFile(right, []byte("listen: 127.0.0.1:0\nlog_level: debug\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if r := playhead(t, "config", "check", right); r.code != 0 {
		t.Errorf("config check of a right file: %s", r)
	}
}
