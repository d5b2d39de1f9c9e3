package archtest

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// sourceFile is one Go file of the project.
type sourceFile struct {
	path    string // relative to the root, with slashes
	lines   int
	isTest  bool
	imports []string
	ast     *ast.File
}

// tree is the project's Go source by folder.
type tree struct {
	root    string
	fset    *token.FileSet
	folders map[string][]sourceFile // key: folder relative to the root, with slashes
}

// projectRoot is the folder of the nearest go.mod upwards.
func projectRoot() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", fmt.Errorf("no go.mod above the working folder")
		}
		dir = parent
	}
}

// load parses every Go file below the root, leaving out what the go command
// leaves out too and node_modules.
func load(root string) (*tree, error) {
	t := &tree{root: root, fset: token.NewFileSet(), folders: map[string][]sourceFile{}}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := d.Name()
		if d.IsDir() {
			if path != root && (strings.HasPrefix(name, ".") || strings.HasPrefix(name, "_") || name == "testdata" || name == "node_modules") {
				return filepath.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(name, ".go") {
			return nil
		}
		f, err := t.parse(path)
		if err != nil {
			return err
		}
		folder := filepath.ToSlash(filepath.Dir(f.path))
		t.folders[folder] = append(t.folders[folder], f)
		return nil
	})
	return t, err
}

func (t *tree) parse(path string) (sourceFile, error) {
	src, err := os.ReadFile(path)
	if err != nil {
		return sourceFile{}, err
	}
	parsed, err := parser.ParseFile(t.fset, path, src, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return sourceFile{}, err
	}
	rel, err := filepath.Rel(t.root, path)
	if err != nil {
		return sourceFile{}, err
	}
	f := sourceFile{
		path:   filepath.ToSlash(rel),
		lines:  strings.Count(string(src), "\n"),
		isTest: strings.HasSuffix(path, "_test.go"),
		ast:    parsed,
	}
	for _, spec := range parsed.Imports {
		imported, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			return sourceFile{}, fmt.Errorf("%s: %w", f.path, err)
		}
		f.imports = append(f.imports, imported)
	}
	return f, nil
}

var (
	tableRow   = regexp.MustCompile("^\\| `([a-z]+)` \\|(.*)$")
	moduleLine = regexp.MustCompile(`(?m)^module (\S+)$`)
)

// packageOrder reads the table of ARCHITECTURE.md: the packages of internal/
// from the top down.
func packageOrder(root string) ([]string, error) {
	page, err := os.ReadFile(filepath.Join(root, "ARCHITECTURE.md"))
	if err != nil {
		return nil, err
	}
	var order []string
	for line := range strings.Lines(string(page)) {
		if m := tableRow.FindStringSubmatch(strings.TrimSpace(line)); m != nil {
			if slices.Contains(order, m[1]) {
				return nil, fmt.Errorf("ARCHITECTURE.md names %s twice in its table", m[1])
			}
			order = append(order, m[1])
		}
	}
	if len(order) == 0 {
		return nil, fmt.Errorf("ARCHITECTURE.md has no table of packages")
	}
	return order, nil
}

func moduleName(root string) (string, error) {
	mod, err := os.ReadFile(filepath.Join(root, "go.mod"))
	if err != nil {
		return "", err
	}
	m := moduleLine.FindSubmatch(mod)
	if m == nil {
		return "", fmt.Errorf("go.mod names no module")
	}
	return string(m[1]), nil
}

// room is the unit of the table that a folder belongs to: collect for
// internal/collect/cmcd. It is "" for a folder outside internal/.
func room(folder string) string {
	rest, found := strings.CutPrefix(folder, "internal/")
	if !found {
		return ""
	}
	first, _, _ := strings.Cut(rest, "/")
	return first
}
