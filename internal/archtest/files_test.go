package archtest

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// trackedFiles asks git, because only what is committed reaches anybody else.
func trackedFiles(t *testing.T, root string) []string {
	t.Helper()
	cmd := exec.Command("git", "ls-files", "-z")
	cmd.Dir = root
	out, err := cmd.Output()
	if err != nil {
		// A source archive has no repository: the walk sees the same files.
		return walkFiles(t, root)
	}
	return strings.Split(strings.TrimRight(string(out), "\x00"), "\x00")
}

func walkFiles(t *testing.T, root string) []string {
	t.Helper()
	var names []string
	for folder, files := range mustLoad(t).folders {
		for _, f := range files {
			names = append(names, filepath.Join(folder, filepath.Base(f.path)))
		}
	}
	return names
}

// built tells what is made by a tool and only checked by its own test.
func built(name string) bool {
	return strings.Contains(name, "/dist/") || strings.Contains(name, "/third_party/") || strings.Contains(name, "/testdata/")
}

// machinePaths are absolute paths of the machines that this is written on; they
// break elsewhere. Spelt so that the rule does not find itself.
var machinePaths = regexp.MustCompile(`(^|[^A-Za-z0-9_.])/(wo` + `rk|ho` + `me/[a-z]+|Us` + `ers/[a-z]+)/`)

func TestNoPathsOfOneMachine(t *testing.T) {
	root := mustLoad(t).root
	for _, name := range trackedFiles(t, root) {
		if built(name) {
			continue
		}
		data, err := os.ReadFile(filepath.Join(root, name))
		if err != nil || bytes.IndexByte(data, 0) >= 0 { // deleted but not committed yet; or binary
			continue
		}
		for i, line := range bytes.Split(data, []byte("\n")) {
			if machinePaths.Match(line) {
				t.Errorf("%s:%d has a path of one machine: %s", name, i+1, bytes.TrimSpace(line))
			}
		}
	}
}

func TestLargeFilesAreBuilt(t *testing.T) {
	const limit = 1_500_000
	root := mustLoad(t).root
	for _, name := range trackedFiles(t, root) {
		info, err := os.Stat(filepath.Join(root, name))
		if err == nil && info.Size() > limit {
			t.Errorf("%s has %d bytes: every clone carries it for ever", name, info.Size())
		}
	}
}

func TestComponentsAreShort(t *testing.T) {
	root := mustLoad(t).root
	for _, name := range trackedFiles(t, root) {
		if built(name) || !strings.HasSuffix(name, ".svelte") {
			continue
		}
		data, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			continue
		}
		if n := bytes.Count(data, []byte("\n")); n > maxComponentLines {
			t.Errorf("%s has %d lines, more than %d: is it two components?", name, n, maxComponentLines)
		}
	}
}
