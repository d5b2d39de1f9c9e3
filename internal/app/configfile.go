package app

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"gopkg.in/yaml.v3"

	"playhead/internal/spell"
)

// ConfigError is one thing that is wrong in a configuration file.
type ConfigError struct {
	File string
	Line int
	What string // and how to mend it
}

func (e *ConfigError) Error() string { return fmt.Sprintf("%s:%d: %s", e.File, e.Line, e.What) }

// ReadConfig reads a configuration file: setting name (as the flag is written)
// to value as text, lists joined by commas. Every problem is a *ConfigError,
// joined.
func ReadConfig(path string) (map[string]string, error) {
	values, _, err := readConfig(path)
	return values, err
}

// readConfig also says in which line each setting stands.
func readConfig(path string) (map[string]string, map[string]int, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, nil, fmt.Errorf("read the configuration: %w", err)
	}
	var doc yaml.Node
	if err := yaml.Unmarshal(data, &doc); err != nil {
		return nil, nil, &ConfigError{path, yamlLine(err), strings.TrimPrefix(err.Error(), "yaml: ")}
	}
	if len(doc.Content) == 0 {
		return map[string]string{}, nil, nil
	}
	root := doc.Content[0]
	if root.Kind != yaml.MappingNode {
		return nil, nil, &ConfigError{path, root.Line, "expected settings, one a line, such as `listen: \":8080\"`"}
	}
	kinds := settingKinds()
	out, lines := map[string]string{}, map[string]int{}
	var wrong []error
	for i := 0; i+1 < len(root.Content); i += 2 {
		key, value := root.Content[i], root.Content[i+1]
		name := strings.ReplaceAll(key.Value, "_", "-")
		kind, known := kinds[name]
		if !known {
			wrong = append(wrong, &ConfigError{path, key.Line, unknownSetting(key.Value, kinds)})
			continue
		}
		if _, twice := out[name]; twice {
			wrong = append(wrong, &ConfigError{path, key.Line, fmt.Sprintf("%s is set twice; keep one", key.Value)})
			continue
		}
		text, err := settingText(name, value, kind)
		if err != nil {
			wrong = append(wrong, &ConfigError{path, value.Line, err.Error()})
			continue
		}
		out[name], lines[name] = text, key.Line
	}
	return out, lines, errors.Join(wrong...)
}

func yamlLine(err error) int {
	var line int
	if _, scanErr := fmt.Sscanf(err.Error(), "yaml: line %d:", &line); scanErr != nil {
		return 1
	}
	return line
}

// settingKinds are the settings by the name of their flag.
func settingKinds() map[string]reflect.Type {
	out := map[string]reflect.Type{}
	t := reflect.TypeFor[Settings]()
	for i := range t.NumField() {
		out[flagName(t.Field(i).Name)] = t.Field(i).Type
	}
	return out
}

// flagName is how a field is written as a flag: PublicURL → public-url.
func flagName(field string) string {
	var b strings.Builder
	for i, r := range field {
		upper := r >= 'A' && r <= 'Z'
		if upper && i > 0 {
			prev := field[i-1]
			nextLower := i+1 < len(field) && field[i+1] >= 'a' && field[i+1] <= 'z'
			if prev >= 'a' && prev <= 'z' || nextLower {
				b.WriteByte('-')
			}
		}
		b.WriteRune(r)
	}
	return strings.ToLower(b.String())
}

func settingText(name string, n *yaml.Node, kind reflect.Type) (string, error) {
	if kind.Kind() == reflect.Slice {
		if n.Kind == yaml.ScalarNode {
			return n.Value, nil
		}
		var items []string
		if err := n.Decode(&items); err != nil || n.Kind != yaml.SequenceNode {
			return "", fmt.Errorf("%s: expected a list of texts", name)
		}
		return strings.Join(items, ","), nil
	}
	if name == "roles" && n.Kind == yaml.SequenceNode { // one text as a flag, a list to anybody who writes YAML
		return settingText(name, n, reflect.TypeFor[[]string]())
	}
	if n.Kind != yaml.ScalarNode {
		return "", fmt.Errorf("%s: expected one value", name)
	}
	switch kind.Kind() {
	case reflect.Int, reflect.Int32:
		if _, err := strconv.Atoi(n.Value); err != nil {
			return "", fmt.Errorf("%s: %q is not a whole number", name, n.Value)
		}
	case reflect.Int64:
		if _, err := time.ParseDuration(n.Value); err != nil {
			return "", fmt.Errorf("%s: %q is not a length of time such as 90s or 1h", name, n.Value)
		}
	}
	return n.Value, nil
}

func unknownSetting(name string, kinds map[string]reflect.Type) string {
	near := spell.Nearest(strings.ReplaceAll(name, "_", "-"), slices.Sorted(maps.Keys(kinds)))
	if near == "" {
		return fmt.Sprintf("%q is no setting; `playhead serve --help` lists them", name)
	}
	return fmt.Sprintf("%q is no setting; did you mean %q?", name, near)
}
