package catalog

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"gopkg.in/yaml.v3"

	"playhead/internal/spell"
)

// maxFile bounds a catalogue file, bytes.
const maxFile = 64 << 20

type fileTitle struct {
	ID        string            `yaml:"id"`
	Name      string            `yaml:"name,omitempty"`
	Kind      Kind              `yaml:"kind,omitempty"`
	Show      string            `yaml:"show,omitempty"`
	Year      int               `yaml:"year,omitempty"`
	Minutes   float64           `yaml:"minutes,omitempty"`
	RuntimeMS int64             `yaml:"runtime_ms,omitempty"`
	Genres    []string          `yaml:"genres,omitempty"`
	Themes    []string          `yaml:"themes,omitempty"`
	Cast      []string          `yaml:"cast,omitempty"`
	Language  string            `yaml:"language,omitempty"`
	Origin    string            `yaml:"origin,omitempty"`
	Hue       int               `yaml:"hue,omitempty"`
	Launched  string            `yaml:"launched,omitempty"`
	Launches  map[string]string `yaml:"launches,omitempty"`
	Creatives []Creative        `yaml:"creatives,omitempty"`
}

var titleFields = map[string]bool{
	"id": true, "name": true, "kind": true, "show": true, "year": true, "minutes": true,
	"runtime_ms": true, "genres": true, "themes": true, "cast": true, "language": true,
	"origin": true, "hue": true, "launched": true, "launches": true, "creatives": true,
}

// LoadFile reads a catalogue from a YAML or JSON file: a mapping with one key,
// titles, or the list itself. A misspelt field, a wrong type or a title that
// cannot be is an error that names the file, the line and what to do.
func LoadFile(path string) (*Catalog, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("open catalogue: %w", err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return nil, fmt.Errorf("read catalogue: %w", err)
	}
	if len(data) > maxFile {
		return nil, fmt.Errorf("catalogue %s is over %d MiB; split it or leave out what is not used", path, maxFile>>20)
	}
	c, err := Parse(data)
	if err != nil {
		return nil, fmt.Errorf("catalogue %s: %w", path, err)
	}
	return c, nil
}

// Parse reads a catalogue from YAML, JSON or CSV text; CSV begins with a line of
// columns, id first. Errors name the line.
func Parse(data []byte) (*Catalog, error) {
	list, err := nodes(data)
	if err != nil {
		return nil, err
	}
	titles := make([]Title, 0, len(list.Content))
	seen := make(map[string]int, len(list.Content))
	var errs []error
	for _, node := range list.Content {
		t, err := parseTitle(node)
		if err != nil {
			errs = append(errs, fmt.Errorf("line %d: %w", node.Line, err))
			continue
		}
		if line, taken := seen[t.ID]; taken {
			errs = append(errs, fmt.Errorf("line %d: id %q is taken at line %d; ids must differ", node.Line, t.ID, line))
			continue
		}
		seen[t.ID] = node.Line
		titles = append(titles, t)
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return New(titles)
}

// nodes are the titles of a text, unread.
func nodes(data []byte) (*yaml.Node, error) {
	if isCSV(data) {
		return csvNodes(data)
	}
	var root yaml.Node
	if err := yaml.Unmarshal(data, &root); err != nil {
		return nil, fmt.Errorf("is neither YAML nor JSON, nor CSV that begins with a column id: %w", err)
	}
	return titleList(&root)
}

func titleList(root *yaml.Node) (*yaml.Node, error) {
	if len(root.Content) == 0 {
		return &yaml.Node{Kind: yaml.SequenceNode}, nil
	}
	top := root.Content[0]
	if top.Kind == yaml.MappingNode {
		for i := 0; i+1 < len(top.Content); i += 2 {
			if key := top.Content[i]; key.Value != "titles" || i > 0 {
				return nil, fmt.Errorf("line %d: unknown setting %q; the only one is titles, once", key.Line, key.Value)
			}
		}
		if len(top.Content) == 0 {
			return &yaml.Node{Kind: yaml.SequenceNode}, nil
		}
		top = top.Content[1]
	}
	if top.Kind != yaml.SequenceNode {
		return nil, fmt.Errorf("line %d: expected a list of titles; start each with \"- id:\"", top.Line)
	}
	return top, nil
}

func parseTitle(node *yaml.Node) (Title, error) {
	if node.Kind != yaml.MappingNode {
		return Title{}, errors.New("a title must be a mapping with at least an id")
	}
	for i := 0; i+1 < len(node.Content); i += 2 {
		if key := node.Content[i]; !titleFields[key.Value] {
			return Title{}, fmt.Errorf("unknown field %q%s", key.Value, nearest(key.Value))
		}
	}
	var f fileTitle
	if err := node.Decode(&f); err != nil {
		return Title{}, fmt.Errorf("wrong type: %w", err)
	}
	t := Title{
		ID: f.ID, Name: f.Name, Kind: f.Kind, Show: f.Show, Year: f.Year, RuntimeMS: f.RuntimeMS,
		Genres: f.Genres, Themes: f.Themes, Cast: f.Cast, Language: f.Language, Origin: f.Origin,
		Hue: f.Hue, Creatives: f.Creatives,
	}
	if f.Minutes != 0 {
		if f.RuntimeMS != 0 {
			return Title{}, errors.New("both minutes and runtime_ms are given; keep one")
		}
		t.RuntimeMS = int64(f.Minutes * 60_000)
	}
	if f.Launched != "" {
		day, err := time.Parse(time.DateOnly, f.Launched)
		if err != nil {
			return Title{}, fmt.Errorf("launched %q is not a day; write it as 2026-11-23", f.Launched)
		}
		t.Launched = day.UnixMilli()
	}
	if err := t.launches(f.Launches); err != nil {
		return Title{}, err
	}
	for i, c := range t.Creatives {
		if err := checkImage(c.Image); err != nil {
			return Title{}, fmt.Errorf("creative %q: %w", c.ID, err)
		}
		if c.ID == "" {
			return Title{}, fmt.Errorf("creative %d has no id; give it the one that players send as creative_id", i+1)
		}
		if c.Kind != Poster && c.Kind != Still {
			return Title{}, fmt.Errorf("creative %q has kind %q; use %s or %s", c.ID, c.Kind, Poster, Still)
		}
	}
	if t.Name == "" {
		t.Name = t.ID
	}
	return t, check(&t)
}

// launches reads the days of countries. Without a day of its own the title came
// to the service on the first of them.
func (t *Title) launches(days map[string]string) error {
	for country, text := range days {
		if len(country) != 2 || strings.ToUpper(country) != country {
			return fmt.Errorf("launches names %q; use two capital letters of ISO 3166-1, such as DE", country)
		}
		day, err := time.Parse(time.DateOnly, text)
		if err != nil {
			return fmt.Errorf("launches of %s: %q is not a day; write it as 2026-11-23", country, text)
		}
		if t.Launches == nil {
			t.Launches = map[string]int64{}
		}
		t.Launches[country] = day.UnixMilli()
	}
	if t.Launched == 0 && len(t.Launches) > 0 {
		t.Launched = slices.Min(slices.Collect(maps.Values(t.Launches)))
	}
	return nil
}

// checkImage: an address of the web, or a name of a file without a folder above.
func checkImage(image string) error {
	switch {
	case image == "", strings.HasPrefix(image, "https://"), strings.HasPrefix(image, "http://"), strings.HasPrefix(image, "/art/"):
		return nil
	case !filepath.IsLocal(image):
		return fmt.Errorf("image %q is neither an http(s) URL nor the name of a file in the folder artwork of the data folder", image)
	}
	return nil
}

// nearest suggests the field that was probably meant.
func nearest(key string) string {
	near := spell.Nearest(key, slices.Sorted(maps.Keys(titleFields)))
	if near == "" {
		return "; leave it out"
	}
	return fmt.Sprintf("; did you mean %q?", near)
}
