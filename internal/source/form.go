package source

import (
	"errors"
	"fmt"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	"playhead/internal/spell"
)

// ConfigError is one thing that is wrong in the file.
type ConfigError struct {
	File string
	Line int
	What string // and how to mend it
}

// Error names the file, the line and the mend.
func (e *ConfigError) Error() string { return fmt.Sprintf("%s:%d: %s", e.File, e.Line, e.What) }

// form reads a YAML file and keeps all that is wrong with it.
type form struct {
	path, folder string
	wrong        []error
}

func (f *form) bad(n *yaml.Node, format string, args ...any) {
	line := 1
	if n != nil {
		line = max(1, n.Line)
	}
	f.wrong = append(f.wrong, &ConfigError{f.path, line, fmt.Sprintf(format, args...)})
}

func (f *form) err() error { return errors.Join(f.wrong...) }

func yamlLine(err error) int {
	var line int
	if _, scanErr := fmt.Sscanf(err.Error(), "yaml: line %d:", &line); scanErr != nil {
		return 1
	}
	return line
}

// fields reads a mapping, each of its fields by its own reader.
func (f *form) fields(n *yaml.Node, what string, readers map[string]func(*yaml.Node)) {
	if n.Kind != yaml.MappingNode {
		f.bad(n, "%s: expected fields: %s", what, strings.Join(slices.Sorted(maps.Keys(readers)), ", "))
		return
	}
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		read, known := readers[key.Value]
		switch {
		case !known:
			names := slices.Sorted(maps.Keys(readers))
			if near := spell.Nearest(key.Value, names); near != "" {
				f.bad(key, "%q is no field of %s; did you mean %q?", key.Value, what, near)
			} else {
				f.bad(key, "%q is no field of %s; it has %s", key.Value, what, strings.Join(names, ", "))
			}
		case seen[key.Value]:
			f.bad(key, "%s is set twice; keep one", key.Value)
		default:
			if value.Kind == yaml.AliasNode {
				value = value.Alias
			}
			read(value)
		}
		seen[key.Value] = true
	}
}

// scalar is the text of a value, and whether it is one.
func (f *form) scalar(n *yaml.Node) (string, bool) {
	if n.Kind != yaml.ScalarNode || strings.TrimSpace(n.Value) == "" {
		f.bad(n, "expected one value")
		return "", false
	}
	return strings.TrimSpace(n.Value), true
}

func (f *form) text(into *string) func(*yaml.Node) {
	return func(n *yaml.Node) { *into, _ = f.scalar(n) }
}

func (f *form) choice(into *string, of []string) func(*yaml.Node) {
	return func(n *yaml.Node) {
		text, ok := f.scalar(n)
		text = strings.ToLower(text)
		switch near := spell.Nearest(text, of); {
		case !ok:
		case slices.Contains(of, text):
			*into = text
		case near != "":
			f.bad(n, "%q is not one of %s; did you mean %q?", text, strings.Join(of, ", "), near)
		default:
			f.bad(n, "%q is not one of %s", text, strings.Join(of, ", "))
		}
	}
}

// list is a list of texts, or texts joined by commas.
func (f *form) list(into *[]string) func(*yaml.Node) {
	return func(n *yaml.Node) {
		items := []string{n.Value}
		if n.Kind == yaml.ScalarNode {
			items = strings.Split(n.Value, ",")
		} else if err := n.Decode(&items); err != nil || n.Kind != yaml.SequenceNode {
			f.bad(n, "expected a list of texts")
			return
		}
		for _, item := range items {
			if item = strings.TrimSpace(item); item != "" {
				*into = append(*into, item)
			}
		}
	}
}

func (f *form) pairs(into *map[string]string) func(*yaml.Node) {
	return func(n *yaml.Node) {
		if err := n.Decode(into); err != nil {
			f.bad(n, "expected names with texts")
		}
	}
}

// file is the path of a file that is there, from the folder of the file that
// names it.
func (f *form) file(into *string) func(*yaml.Node) {
	return func(n *yaml.Node) {
		path, ok := f.scalar(n)
		if !ok {
			return
		}
		if !filepath.IsAbs(path) {
			path = filepath.Join(f.folder, path)
		}
		if info, err := os.Stat(path); err != nil {
			f.bad(n, "%v", err)
			return
		} else if info.IsDir() {
			f.bad(n, "%s is a folder; a file is wanted", path)
			return
		}
		*into = path
	}
}

// literal refuses what must not stand in the file.
func (f *form) literal(name string) func(*yaml.Node) {
	return func(n *yaml.Node) {
		f.bad(n, "a %s does not belong into this file; name a variable (%s_env) or a file (%s_file) that holds it", name, name, name)
	}
}

// Secret is where a password is: in a variable or in a file.
type Secret struct{ Env, File string }

// Read reads it now. Errors do not tell it.
func (s Secret) Read() (string, error) {
	if s.Env != "" {
		text := os.Getenv(s.Env)
		if text == "" {
			return "", fmt.Errorf("the variable %s is not set", s.Env)
		}
		return text, nil
	}
	text, err := os.ReadFile(s.File)
	if err != nil {
		return "", fmt.Errorf("read a password: %w", err)
	}
	line := strings.TrimRight(string(text), "\r\n")
	if line == "" {
		return "", fmt.Errorf("%s is empty", s.File)
	}
	return line, nil
}

func (f *form) env(into *Secret) func(*yaml.Node) {
	return func(n *yaml.Node) {
		name, ok := f.scalar(n)
		f.secret(n, into, Secret{Env: name}, ok)
	}
}

func (f *form) secretFile(into *Secret) func(*yaml.Node) {
	return func(n *yaml.Node) {
		var path string
		f.file(&path)(n)
		f.secret(n, into, Secret{File: path}, path != "")
	}
}

func (f *form) secret(n *yaml.Node, into *Secret, s Secret, ok bool) {
	if !ok {
		return
	}
	if *into != (Secret{}) {
		f.bad(n, "name a variable or a file, not both")
		return
	}
	*into = s
	if _, err := s.Read(); err != nil {
		f.bad(n, "%v", err)
	}
}

// isURL tells http and https, without a user, whose password would be printed.
func isURL(text string) bool {
	u, err := url.Parse(text)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != "" && u.User == nil
}
