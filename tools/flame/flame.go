package flame

import (
	"bufio"
	"cmp"
	"errors"
	"fmt"
	"html"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/google/pprof/profile"
)

const (
	width, rowHeight = 1200.0, 16.0
	headHeight       = 58.0
	// least is the share of the whole below which a function is not drawn.
	least = 0.002
)

// node is a function with all that it was called from above it.
type node struct {
	name     string
	stage    string // "" when several
	sum      int64
	children map[string]*node
}

func (n *node) child(name string) *node {
	if n.children == nil {
		n.children = map[string]*node{}
	}
	c := n.children[name]
	if c == nil {
		c = &node{name: name}
		n.children[name] = c
	}
	return c
}

// depth is how many rows are drawn from n on.
func (n *node) depth(whole int64) int {
	deepest := 0
	for _, c := range n.children {
		if float64(c.sum) >= least*float64(whole) {
			deepest = max(deepest, c.depth(whole))
		}
	}
	return deepest + 1
}

// tree adds up a profile's stacks, each first under its stage.
func tree(p *profile.Profile, at int) *node {
	root := &node{name: "all"}
	for _, s := range p.Sample {
		v := s.Value[at]
		if v == 0 {
			continue
		}
		functions := stack(s)
		stage := StageOf(functions)
		root.sum += v
		n := root.child(stage)
		n.stage, n.sum = stage, n.sum+v
		for _, name := range slices.Backward(functions) {
			n = n.child(name)
			n.stage, n.sum = stage, n.sum+v
		}
	}
	return root
}

// SVG draws a kind of value of a profile as a flame graph: the stages at the top,
// under each its stacks from the outermost function down. What one points at is told in full.
func SVG(w io.Writer, p *profile.Profile, kind, title string) error {
	at := value(p, kind)
	if at < 0 {
		return fmt.Errorf("the profile has no %s", kind)
	}
	root := tree(p, at)
	if root.sum == 0 {
		return errors.New("the profile is empty")
	}
	out := bufio.NewWriter(w)
	height := headHeight + float64(root.depth(root.sum)+1)*rowHeight
	fmt.Fprintf(out, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %.0f %.0f" font-family="sans-serif" font-size="11">`+"\n", width, height)
	fmt.Fprintf(out, `<rect width="100%%" height="100%%" fill="#fff"/><text x="8" y="20" font-size="15">%s</text>`+"\n", html.EscapeString(title))
	x := 8.0
	for i, stage := range All() {
		fmt.Fprintf(out, `<rect x="%.0f" y="30" width="10" height="10" fill="%s"/><text x="%.0f" y="39">%s</text>`+"\n", x, colour(i), x+14, stage)
		x += 30 + 6.5*float64(len(stage))
	}
	draw(out, root, 0, headHeight, root.sum)
	fmt.Fprintln(out, "</svg>")
	return out.Flush()
}

// draw writes a node and what is under it; x is where it begins.
func draw(w io.Writer, n *node, x, y float64, whole int64) {
	share := float64(n.sum) / float64(whole)
	wide := share * width
	fmt.Fprintf(w, `<g><title>%s: %.1f %%</title><rect x="%.1f" y="%.0f" width="%.1f" height="%.0f" fill="%s" stroke="#fff" stroke-width="0.5"/>`,
		html.EscapeString(n.name), share*100, x, y, wide, rowHeight, colour(slices.Index(All(), n.stage)))
	if letters := int((wide - 4) / 6.2); letters >= 3 {
		fmt.Fprintf(w, `<text x="%.1f" y="%.0f">%s</text>`, x+2, y+12, html.EscapeString(cut(short(n.name), letters)))
	}
	fmt.Fprintln(w, "</g>")
	for _, c := range slices.SortedFunc(maps.Values(n.children), func(a, b *node) int {
		return cmp.Or(cmp.Compare(slices.Index(All(), a.stage), slices.Index(All(), b.stage)), cmp.Compare(b.sum, a.sum), strings.Compare(a.name, b.name))
	}) {
		if float64(c.sum) >= least*float64(whole) {
			draw(w, c, x, y+rowHeight, whole)
		}
		x += float64(c.sum) / float64(whole) * width
	}
}

// short is a function's name without the path of its package.
func short(name string) string { return name[strings.LastIndexByte(name, '/')+1:] }

func cut(text string, letters int) string {
	if len(text) <= letters {
		return text
	}
	return text[:letters]
}

// colour of a stage by its place; what is of several is grey.
func colour(stage int) string {
	colours := [...]string{"#c7d8f0", "#8ab4e8", "#f2c879", "#f09a6b", "#e8d35f", "#9fd08a", "#6fbfae", "#b79fd8", "#e3a3c4", "#c9c9c9", "#dddddd"}
	if stage < 0 || stage >= len(colours) {
		return "#eeeeee"
	}
	return colours[stage]
}
