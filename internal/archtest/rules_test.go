package archtest

import (
	"go/ast"
	"go/token"
	"path"
	"slices"
	"strings"
	"testing"
)

const (
	maxFileLines      = 500
	maxComponentLines = 300
)

// pure packages know no clock, file or network: time comes in as a value.
var pure = []string{"avrohead", "event", "fact", "play", "rollup", "sketch", "metric"}

// forbiddenInPure lists packages that reach outside, and the functions of
// packages that are otherwise fine.
var (
	forbiddenInPure = []string{"os", "net", "net/http", "os/exec", "syscall", "io/ioutil", "log", "log/slog", "math/rand"}
	forbiddenCalls  = map[string][]string{"time": {"Now", "Since", "Until", "Sleep", "After", "AfterFunc", "NewTimer", "NewTicker", "Tick"}}
)

// forbiddenImports are the edges that the order alone would allow.
var forbiddenImports = map[string][]string{
	// The truth of the synthetic audience is computed on its own.
	"simulate": {"play", "process", "rollup", "metric"},
}

// unlisted packages stand outside the table: rules and their like.
var unlisted = []string{"archtest"}

func mustLoad(t *testing.T) *tree {
	t.Helper()
	root, err := projectRoot()
	if err != nil {
		t.Fatal(err)
	}
	tr, err := load(root)
	if err != nil {
		t.Fatal(err)
	}
	return tr
}

func TestImportsFollowTheTable(t *testing.T) {
	tr := mustLoad(t)
	order, err := packageOrder(tr.root)
	if err != nil {
		t.Fatal(err)
	}
	module, err := moduleName(tr.root)
	if err != nil {
		t.Fatal(err)
	}
	for folder, files := range tr.folders {
		own := room(folder)
		if own == "" || slices.Contains(unlisted, own) {
			continue
		}
		ownPlace := slices.Index(order, own)
		if ownPlace < 0 {
			t.Errorf("%s: package %q is not in the table of ARCHITECTURE.md", folder, own)
			continue
		}
		for _, f := range files {
			for _, imported := range f.imports {
				other := room(strings.TrimPrefix(imported, module+"/"))
				if !strings.HasPrefix(imported, module+"/") || other == own {
					continue
				}
				// Tests may look down the table where it makes no cycle, but
				// the rules that keep a package independent hold for them too.
				if !f.isTest && slices.Index(order, other) > ownPlace {
					t.Errorf("%s imports %s, which stands below %s in the table of ARCHITECTURE.md", f.path, other, own)
				}
				if !f.isTest && slices.Contains(forbiddenImports[own], other) {
					t.Errorf("%s imports %s, which %s must not", f.path, other, own)
				}
			}
		}
	}
}

// outsideToo is what stands in tests for servers that are not Playhead's, of the
// package that talks to them and of the binary alike: it starts them, or is one. Of
// the house it knows nothing either.
func outsideToo() []string {
	return []string{"internal/warehouse/clickhouse/clickhousetest", "internal/source/registry/registrytest", "test/cluster"}
}

// The dashboard's embedded build, and tests of the binary from outside, know
// nothing of the house.
func TestOutsidersImportNothing(t *testing.T) {
	tr := mustLoad(t)
	module, err := moduleName(tr.root)
	if err != nil {
		t.Fatal(err)
	}
	for folder, files := range tr.folders {
		if folder != "web" && !slices.Contains(outsideToo(), folder) && !strings.HasPrefix(folder, "test/") && room(folder) != "archtest" {
			continue
		}
		for _, f := range files {
			for _, imported := range f.imports {
				if inner, own := strings.CutPrefix(imported, module+"/"); own && !slices.Contains(outsideToo(), inner) {
					t.Errorf("%s imports %s", f.path, imported)
				}
			}
		}
	}
}

func TestTableNamesOnlyWhatExists(t *testing.T) {
	tr := mustLoad(t)
	order, err := packageOrder(tr.root)
	if err != nil {
		t.Fatal(err)
	}
	rooms := map[string]bool{}
	for folder := range tr.folders {
		rooms[room(folder)] = true
	}
	for _, name := range order {
		if !rooms[name] {
			t.Errorf("ARCHITECTURE.md lists %q, which has no Go file", name)
		}
	}
}

func TestPurePackagesTouchNothing(t *testing.T) {
	tr := mustLoad(t)
	for folder, files := range tr.folders {
		if !slices.Contains(pure, room(folder)) {
			continue
		}
		for _, f := range files {
			if f.isTest {
				continue
			}
			for _, imported := range f.imports {
				if slices.Contains(forbiddenInPure, imported) {
					t.Errorf("%s imports %s: %s is pure", f.path, imported, folder)
				}
			}
			ast.Inspect(f.ast, func(n ast.Node) bool {
				sel, ok := n.(*ast.SelectorExpr)
				if !ok {
					return true
				}
				if pkg, ok := sel.X.(*ast.Ident); ok && slices.Contains(forbiddenCalls[pkg.Name], sel.Sel.Name) {
					t.Errorf("%s uses %s.%s: %s is pure, time comes in as a value", tr.fset.Position(sel.Pos()), pkg.Name, sel.Sel.Name, folder)
				}
				return true
			})
		}
	}
}

// No init and no shared state: everything is wired in the open.
func TestNoInitAndNoGlobalState(t *testing.T) {
	tr := mustLoad(t)
	for folder, files := range tr.folders {
		if room(folder) == "" {
			continue
		}
		for _, f := range files {
			if f.isTest {
				continue
			}
			for _, decl := range f.ast.Decls {
				switch d := decl.(type) {
				case *ast.FuncDecl:
					if d.Recv == nil && d.Name.Name == "init" {
						t.Errorf("%s: init function", tr.fset.Position(d.Pos()))
					}
				case *ast.GenDecl:
					if d.Tok == token.VAR {
						checkGlobals(t, tr, d)
					}
				}
			}
		}
	}
}

// checkGlobals refuses package-level locks, atomics, pools, channels and maps
// that start empty: they can only be state. Filled tables are allowed, being
// constants that Go cannot write as such.
func checkGlobals(t *testing.T, tr *tree, d *ast.GenDecl) {
	t.Helper()
	for _, spec := range d.Specs {
		v := spec.(*ast.ValueSpec)
		suspects := append([]ast.Expr{v.Type}, v.Values...)
		for _, e := range suspects {
			if why := statefulExpr(e); why != "" {
				t.Errorf("%s: package-level %s %s", tr.fset.Position(v.Pos()), why, v.Names[0].Name)
			}
		}
	}
}

func statefulExpr(e ast.Expr) string {
	switch x := e.(type) {
	case *ast.UnaryExpr:
		return statefulExpr(x.X)
	case *ast.StarExpr:
		return statefulExpr(x.X)
	case *ast.IndexExpr:
		return statefulExpr(x.X)
	case *ast.SelectorExpr:
		if pkg, ok := x.X.(*ast.Ident); ok && (pkg.Name == "sync" || pkg.Name == "atomic") {
			return pkg.Name + "." + x.Sel.Name
		}
	case *ast.ChanType:
		return "channel"
	case *ast.CompositeLit:
		if _, isMap := x.Type.(*ast.MapType); isMap && len(x.Elts) == 0 {
			return "empty map"
		}
		return statefulExpr(x.Type)
	case *ast.CallExpr:
		if fn, ok := x.Fun.(*ast.Ident); ok && (fn.Name == "make" || fn.Name == "new") {
			return fn.Name + "()"
		}
	}
	return ""
}

func TestFilesAreShort(t *testing.T) {
	for _, files := range mustLoad(t).folders {
		for _, f := range files {
			if f.lines > maxFileLines && !ast.IsGenerated(f.ast) {
				t.Errorf("%s has %d lines, more than %d: is it two ideas?", f.path, f.lines, maxFileLines)
			}
		}
	}
}

func TestEveryPackageSaysWhatItIsFor(t *testing.T) {
	all := mustLoad(t).folders
	for folder, files := range all {
		code, tests, doc := 0, 0, false
		for _, f := range files {
			switch {
			case f.isTest:
				tests++
			case path.Base(f.path) == "doc.go":
				doc = f.ast.Doc != nil && len(f.ast.Doc.Text()) > 80
			default:
				code++
			}
		}
		if room(folder) == "" {
			continue
		}
		if !doc {
			t.Errorf("%s has no doc.go that says what the package is for and what it must not do", folder)
		}
		// A port's test is its conformance suite, which its drivers' tests run.
		_, port := all[folder+"/"+path.Base(folder)+"test"]
		suite := strings.HasSuffix(folder, "test")
		if code > 0 && tests == 0 && !port && !suite {
			t.Errorf("%s has no test", folder)
		}
	}
}
