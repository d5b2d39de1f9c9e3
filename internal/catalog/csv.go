package catalog

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"
)

// csvLists are the columns that hold several values, with | between them.
var csvLists = []string{"genres", "themes", "cast"}

// isCSV: the first line names columns, id the first of them.
func isCSV(data []byte) bool {
	line, _, _ := bytes.Cut(bytes.TrimPrefix(data, []byte("\ufeff")), []byte("\n"))
	first, _, more := strings.Cut(strings.TrimSpace(string(line)), ",")
	return more && strings.Trim(first, `"`) == "id"
}

// csvNodes reads rows as the nodes that YAML would give, so that both are checked
// by the same code. Creatives and launches need YAML or JSON: they are not flat.
func csvNodes(data []byte) (*yaml.Node, error) {
	r := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(data, []byte("\ufeff"))))
	head, err := r.Read()
	if err != nil {
		return nil, fmt.Errorf("read CSV: %w", err)
	}
	for _, name := range head {
		if !titleFields[name] || name == "creatives" || name == "launches" {
			return nil, fmt.Errorf("line 1: a CSV file has no column %q%s", name, nearest(name))
		}
	}
	list := &yaml.Node{Kind: yaml.SequenceNode}
	for {
		cells, err := r.Read()
		if errors.Is(err, io.EOF) {
			return list, nil
		}
		if err != nil {
			return nil, fmt.Errorf("read CSV: %w", err)
		}
		line, _ := r.FieldPos(0)
		title := &yaml.Node{Kind: yaml.MappingNode, Line: line}
		for i, cell := range cells {
			if cell == "" {
				continue
			}
			value := &yaml.Node{Kind: yaml.ScalarNode, Tag: csvTag(head[i], cell), Value: cell, Line: line}
			if slices.Contains(csvLists, head[i]) {
				value = &yaml.Node{Kind: yaml.SequenceNode, Line: line}
				for _, v := range strings.Split(cell, "|") {
					value.Content = append(value.Content, &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: strings.TrimSpace(v), Line: line})
				}
			}
			title.Content = append(title.Content, &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: head[i], Line: line}, value)
		}
		list.Content = append(list.Content, title)
	}
}

// csvTag is the type of a cell: numbers where the field is one.
func csvTag(column, cell string) string {
	switch column {
	case "year", "runtime_ms", "hue", "minutes":
		if _, err := strconv.ParseInt(cell, 10, 64); err == nil {
			return "!!int"
		}
		if _, err := strconv.ParseFloat(cell, 64); err == nil {
			return "!!float"
		}
	}
	return "!!str"
}
