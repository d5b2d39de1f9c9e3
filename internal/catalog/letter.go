package catalog

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// face is how a title is set. Width is the mean advance of a letter in em, on
// the generous side, since nobody knows which font of the stack there is.
type face struct {
	family  string
	weight  int
	spacing float64 // em
	width   float64
	upper   bool
}

var faces = map[string]face{
	"serif":     {"'Iowan Old Style','Palatino Linotype',Palatino,'Book Antiqua',Georgia,'DejaVu Serif',serif", 700, -.01, .66, false},
	"condensed": {"'Avenir Next Condensed','Arial Narrow','Roboto Condensed','Helvetica Neue',Arial,sans-serif", 800, .03, .74, true},
	"sans":      {"Inter,'Helvetica Neue','Segoe UI',Roboto,Arial,sans-serif", 800, -.02, .67, false},
	"light":     {"'Gill Sans','Avenir Next',Futura,'Segoe UI','Helvetica Neue',Arial,sans-serif", 400, .14, .74, true},
}

func faceOf(genres []string) face {
	for _, g := range genres {
		switch g {
		case "crime", "thriller", "sport", "war", "western", "news":
			return faces["condensed"]
		case "history", "romance", "fantasy", "mystery", "drama", "horror":
			return faces["serif"]
		case "science fiction", "documentary", "nature", "science":
			return faces["light"]
		}
	}
	return faces["sans"]
}

// letter sets the title at the foot of the picture, on a shade that makes it
// readable, with the first of the cast above it on posters.
func (v *canvas) letter(t Title) {
	f := faceOf(t.Genres)
	name := clean(t.Name)
	if f.upper {
		name = strings.ToUpper(name)
	}
	poster := v.h > v.w
	margin, size, most := v.w*.075, v.w*.155, 4
	if !poster {
		margin, size, most = v.w*.05, v.w*.085, 2
	}
	room := v.w - 2*margin
	if !poster {
		room = v.w * .62
	}
	var lines []string
	for ; ; size *= .93 {
		lines = wrap(name, room/(size*(f.width+f.spacing)))
		if len(lines) <= most && longest(lines)*size*(f.width+f.spacing) <= room || size < 13 {
			break
		}
	}
	lines = lines[:min(len(lines), 6)]
	lead := size * 1.04
	foot := v.h - margin
	top := foot - lead*float64(len(lines)-1) - size
	fmt.Fprintf(v, `<linearGradient id="z" x2="0" y2="1"><stop offset="0" stop-color="#000" stop-opacity="0"/><stop offset="1" stop-color="#000" stop-opacity=".82"/></linearGradient>`)
	shade := max(0, top-v.h*.22)
	fmt.Fprintf(v, `<rect y="%.0f" width="%.0f" height="%.0f" fill="url(#z)"/>`, shade, v.w, v.h-shade)
	if poster && len(t.Cast) > 0 {
		names := strings.ToUpper(clean(strings.Join(t.Cast[:min(2, len(t.Cast))], "   ")))
		if utf8.RuneCountInString(names) > 40 {
			names = strings.ToUpper(clean(t.Cast[0]))
		}
		fmt.Fprintf(v, `<text x="%.0f" y="%.0f" fill="#fff" opacity=".72" font-family="%s" font-size="11" letter-spacing="2">%s</text>`, margin, top-10, faces["sans"].family, escape(names))
	}
	fmt.Fprintf(v, `<g fill="#fff" font-family="%s" font-weight="%d" font-size="%.1f" letter-spacing="%.2f">`, f.family, f.weight, size, f.spacing*size)
	for i, line := range lines {
		fmt.Fprintf(v, `<text x="%.0f" y="%.1f">%s</text>`, margin, foot-lead*float64(len(lines)-1-i)-size*.12, escape(line))
	}
	v.WriteString(`</g>`)
}

// wrap breaks text into lines of at most that many letters where it can, and
// evenly rather than greedily.
func wrap(text string, letters float64) []string {
	words := strings.Fields(text)
	if len(words) == 0 {
		return nil
	}
	greedy := fold(words, letters)
	// The narrowest measure that needs no more lines is the most even one.
	for l := letters - 1; l > 3; l-- {
		if even := fold(words, l); len(even) > len(greedy) {
			break
		} else if longest(even) <= letters {
			greedy = even
		}
	}
	return greedy
}

func fold(words []string, letters float64) []string {
	var lines []string
	line := ""
	for _, w := range words {
		switch {
		case line == "":
			line = w
		case float64(utf8.RuneCountInString(line)+1+utf8.RuneCountInString(w)) <= letters:
			line += " " + w
		default:
			lines, line = append(lines, line), w
		}
	}
	return append(lines, line)
}

func longest(lines []string) float64 {
	n := 0
	for _, l := range lines {
		n = max(n, utf8.RuneCountInString(l))
	}
	return float64(n)
}

// clean keeps what can be set: valid text without control characters, at most
// 120 letters.
func clean(s string) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r == utf8.RuneError || r == 0xfffe || r == 0xffff {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, " "))
	if r := []rune(s); len(r) > 120 {
		s = string(r[:119]) + "…"
	}
	return s
}

var escaper = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;", "'", "&#39;")

func escape(s string) string { return escaper.Replace(s) }
