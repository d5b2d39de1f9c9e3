// Package plot draws what benchmarks measured as SVG files for the docs.
package plot

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
)

// Series is one line or set of points of a plot.
type Series struct {
	Name, Colour string
	Points       [][2]float64 // above 0
	Dots         bool
}

// LogLog writes a plot with two logarithmic axes.
func LogLog(path, title, x, y string, list []Series) error {
	const width, height, left, top, right, bottom = 760, 420, 70, 40, 190, 50
	low, high := [2]float64{math.Inf(1), math.Inf(1)}, [2]float64{math.Inf(-1), math.Inf(-1)}
	for _, s := range list {
		for _, p := range s.Points {
			for i := range p {
				low[i], high[i] = min(low[i], math.Floor(math.Log10(p[i]))), max(high[i], math.Ceil(math.Log10(p[i])))
			}
		}
	}
	for i := range low {
		if low[i] == high[i] {
			high[i]++
		}
	}
	at := func(p [2]float64) (float64, float64) {
		return left + (math.Log10(p[0])-low[0])/(high[0]-low[0])*(width-left-right), height - bottom - (math.Log10(p[1])-low[1])/(high[1]-low[1])*(height-top-bottom)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" font-family=\"sans-serif\" font-size=\"12\">\n<rect width=\"100%%\" height=\"100%%\" fill=\"#fff\"/>\n", width, height)
	fmt.Fprintf(&b, "<text x=\"%d\" y=\"22\" font-size=\"15\">%s</text>\n<text x=\"%d\" y=\"%d\">%s</text>\n<text x=\"8\" y=\"%d\">%s</text>\n", left, title, left, height-12, x, top-4, y)
	for e := low[0]; e <= high[0]; e++ {
		px, _ := at([2]float64{math.Pow(10, e), math.Pow(10, low[1])})
		fmt.Fprintf(&b, "<path d=\"M%.1f %dV%d\" stroke=\"#ddd\"/><text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">1e%.0f</text>\n", px, top, height-bottom, px, height-bottom+16, e)
	}
	for e := low[1]; e <= high[1]; e++ {
		_, py := at([2]float64{math.Pow(10, low[0]), math.Pow(10, e)})
		fmt.Fprintf(&b, "<path d=\"M%d %.1fH%d\" stroke=\"#ddd\"/><text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">1e%.0f</text>\n", left, py, width-right, left-6, py+4, e)
	}
	named := 0
	for _, s := range list {
		line := ""
		for j, p := range s.Points {
			px, py := at(p)
			if s.Dots {
				fmt.Fprintf(&b, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"4\" fill=\"%s\"/>\n", px, py, s.Colour)
			}
			line += fmt.Sprintf("%s%.1f %.1f", map[bool]string{true: "M", false: "L"}[j == 0], px, py)
		}
		if !s.Dots {
			fmt.Fprintf(&b, "<path d=\"%s\" fill=\"none\" stroke=\"%s\" stroke-width=\"2\"/>\n", line, s.Colour)
		}
		if s.Name != "" {
			fmt.Fprintf(&b, "<text x=\"%d\" y=\"%d\" fill=\"%s\">%s</text>\n", width-right+10, top+16+18*named, s.Colour, s.Name)
			named++
		}
	}
	b.WriteString("</svg>\n")
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, []byte(b.String()), 0o644)
}
