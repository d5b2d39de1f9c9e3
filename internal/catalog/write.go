package catalog

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"time"

	"gopkg.in/yaml.v3"
)

// Encode writes a catalogue as Parse reads it, as YAML.
func Encode(c *Catalog) ([]byte, error) {
	list := make([]fileTitle, 0, c.Len())
	for _, t := range c.Titles() {
		f := fileTitle{
			ID: t.ID, Name: t.Name, Kind: t.Kind, Show: t.Show, Year: t.Year, RuntimeMS: t.RuntimeMS, Genres: t.Genres, Themes: t.Themes,
			Cast: t.Cast, Language: t.Language, Origin: t.Origin, Hue: t.Hue, Creatives: t.Creatives,
		}
		if t.Launched != 0 {
			f.Launched = time.UnixMilli(t.Launched).UTC().Format(time.DateOnly)
		}
		for country, day := range t.Launches {
			if f.Launches == nil {
				f.Launches = map[string]string{}
			}
			f.Launches[country] = time.UnixMilli(day).UTC().Format(time.DateOnly)
		}
		list = append(list, f)
	}
	var b bytes.Buffer
	e := yaml.NewEncoder(&b)
	e.SetIndent(2)
	if err := errors.Join(e.Encode(map[string]any{"titles": list}), e.Close()); err != nil {
		return nil, fmt.Errorf("write catalogue: %w", err)
	}
	return b.Bytes(), nil
}

// ParseOne reads one title, a mapping in YAML or JSON; its id may be left out.
func ParseOne(id string, data []byte) (Title, error) {
	var root yaml.Node
	if err := yaml.Unmarshal(data, &root); err != nil {
		return Title{}, fmt.Errorf("is neither YAML nor JSON: %w", err)
	}
	if len(root.Content) == 0 || root.Content[0].Kind != yaml.MappingNode {
		return Title{}, errors.New("line 1: a title must be a mapping, such as {\"name\": \"Low Tide\"}")
	}
	node := root.Content[0]
	if !slices.ContainsFunc(node.Content, func(n *yaml.Node) bool { return n.Value == "id" }) {
		node.Content = append(node.Content, &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: "id"}, &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: id})
	}
	t, err := parseTitle(node)
	if err != nil {
		return Title{}, fmt.Errorf("line %d: %w", node.Line, err)
	}
	if t.ID != id {
		return Title{}, fmt.Errorf("line %d: its id is %q and the address says %q", node.Line, t.ID, id)
	}
	return t, nil
}

// With is the catalogue with a title put in place of the one of its id, or added.
func (c *Catalog) With(t Title) (*Catalog, error) {
	titles := slices.Clone(c.Titles())
	at := slices.IndexFunc(titles, func(o Title) bool { return o.ID == t.ID })
	if at < 0 {
		return New(append(titles, t))
	}
	titles[at] = t
	return New(titles)
}

// Without is the catalogue without a title.
func (c *Catalog) Without(id string) (*Catalog, error) {
	return New(slices.DeleteFunc(slices.Clone(c.Titles()), func(o Title) bool { return o.ID == id }))
}
