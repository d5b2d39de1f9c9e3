package catalog

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"

	"github.com/zeebo/xxh3"
)

// canvas collects an SVG. Coordinates are those of a 400×600 poster or a
// 640×360 still; the size on screen is the viewer's business.
type canvas struct {
	strings.Builder
	w, h float64
	rng  *rand.Rand
	hue  float64
	// second is a hue that goes with the first.
	second float64
}

// Art draws a creative of a title as SVG of w by h pixels: upright ones as
// posters, wide ones as stills. The same title and creative always give the
// same picture; other creatives of the title give other pictures.
func Art(t Title, c Creative, w, h int) []byte {
	seed := xxh3.HashString(t.ID + "\x00" + c.ID)
	v := &canvas{w: 400, h: 600, rng: rand.New(rand.NewPCG(seed, 7))}
	if w > h {
		v.w, v.h = 640, 360
	}
	v.hue = float64(t.Hue) + v.rng.Float64()*36 - 18
	v.second = v.hue + []float64{28, -34, 150, 190, 55}[v.rng.IntN(5)]
	fmt.Fprintf(v, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %.0f %.0f" preserveAspectRatio="xMidYMid slice">`, w, h, v.w, v.h)
	v.WriteString(`<defs><pattern id="g" width="5" height="5" patternUnits="userSpaceOnUse" patternTransform="rotate(27)"><circle cx="1" cy="1" r=".6" fill="#fff"/><circle cx="3.6" cy="3.4" r=".6" fill="#000"/></pattern></defs>`)
	compositionOf(t, c).draw(v)
	fmt.Fprintf(v, `<rect width="%.0f" height="%.0f" fill="url(#g)" opacity=".05"/>`, v.w, v.h)
	v.letter(t)
	v.WriteString(`</svg>`)
	return []byte(v.String())
}

// composition is a kind of picture and what is to be seen in it.
type composition struct {
	draw func(*canvas)
	tags []string
}

// compositionOf is how a creative of a title is drawn: they take turns at its
// compositions.
func compositionOf(t Title, c Creative) composition {
	all := compositionsOf(t.Genres)
	turn := int(xxh3.HashString(t.ID) % uint64(len(all)))
	for i := range t.Creatives {
		if t.Creatives[i].ID == c.ID {
			turn += i
		}
	}
	return all[turn%len(all)]
}

// compositionsOf are the pictures that suit a title, best first.
func compositionsOf(genres []string) []composition {
	var (
		onBars     = composition{bars, []string{"abstract"}}
		onBlinds   = composition{blinds, []string{"interior", "shadow"}}
		onCity     = composition{city, []string{"city", "night"}}
		onCorridor = composition{corridor, []string{"interior", "light"}}
		onForest   = composition{forest, []string{"landscape", "trees"}}
		onHorizon  = composition{horizon, []string{"landscape", "sun"}}
		onMoonrise = composition{moonrise, []string{"moon", "night"}}
		onOrbit    = composition{orbit, []string{"planet", "night"}}
		onPeaks    = composition{peaks, []string{"landscape", "mountains"}}
		onPetals   = composition{petals, []string{"flowers"}}
		onPortrait = composition{portrait, []string{"face"}}
		onRings    = composition{rings, []string{"abstract"}}
		onShapes   = composition{shapes, []string{"abstract", "colour"}}
		onWaves    = composition{waves, []string{"landscape", "sea"}}
	)
	var out []composition
	for _, g := range genres {
		switch g {
		case "science fiction", "science":
			out = append(out, onOrbit, onCorridor, onHorizon, onRings)
		case "crime", "thriller":
			out = append(out, onCity, onBlinds, onCorridor, onPortrait)
		case "mystery", "horror":
			out = append(out, onForest, onPortrait, onBlinds, onMoonrise)
		case "nature", "adventure", "western", "war":
			out = append(out, onPeaks, onHorizon, onWaves, onForest)
		case "romance":
			out = append(out, onWaves, onMoonrise, onPortrait, onPetals)
		case "animation", "family", "comedy":
			out = append(out, onShapes, onPetals, onRings, onHorizon)
		case "music", "sport":
			out = append(out, onRings, onBars, onShapes, onPortrait)
		case "fantasy", "history":
			out = append(out, onMoonrise, onPeaks, onForest, onPetals)
		case "documentary", "news", "medical":
			out = append(out, onBars, onPeaks, onPortrait, onCorridor)
		}
	}
	return append(out, onPortrait, onWaves, onHorizon, onCity)
}

// tone is a colour of a hue with saturation and lightness in percent, as #rrggbb.
func tone(hue, s, l float64) string {
	hue = math.Mod(math.Mod(hue, 360)+360, 360)
	if l < 44 && hue > 40 && hue < 85 { // dark yellow is mud: amber or green instead
		if hue < 64 {
			hue = 34
		} else {
			hue = 98
		}
	}
	s, l = min(max(s, 0), 100)/100, min(max(l, 0), 100)/100
	f := func(n float64) int {
		k := math.Mod(n+hue/30, 12)
		a := s * min(l, 1-l)
		return int(math.Round(255 * (l - a*max(-1, min(k-3, 9-k, 1)))))
	}
	return fmt.Sprintf("#%02x%02x%02x", f(0), f(8), f(4))
}

// gradient declares a vertical gradient and returns its reference.
func (v *canvas) gradient(id string, stops ...string) string {
	fmt.Fprintf(v, `<linearGradient id="%s" x2="0" y2="1">`, id)
	for i, s := range stops {
		fmt.Fprintf(v, `<stop offset="%.2f" stop-color="%s"/>`, float64(i)/float64(len(stops)-1), s)
	}
	v.WriteString(`</linearGradient>`)
	return "url(#" + id + ")"
}

// glow is a soft light of a colour, strongest in its middle.
func (v *canvas) glow(id, colour string, cx, cy, r, opacity float64) {
	fmt.Fprintf(v, `<radialGradient id="%s"><stop offset="0" stop-color="%s"/><stop offset="1" stop-color="%s" stop-opacity="0"/></radialGradient>`, id, colour, colour)
	fmt.Fprintf(v, `<circle cx="%.0f" cy="%.0f" r="%.0f" fill="url(#%s)" opacity="%.2f"/>`, cx, cy, r, id, opacity)
}

func (v *canvas) fill(paint string) {
	fmt.Fprintf(v, `<rect width="%.0f" height="%.0f" fill="%s"/>`, v.w, v.h, paint)
}

func (v *canvas) between(lo, hi float64) float64 { return lo + v.rng.Float64()*(hi-lo) }

// ridge is a line of hills across the picture, filled to the bottom.
func (v *canvas) ridge(y, rough float64, steps int, sharp bool, paint string) {
	fmt.Fprintf(v, `<path fill="%s" d="M0 %.0fV%.0f`, paint, v.h, y)
	dx, lastY := v.w/float64(steps), y
	for i := 1; i <= steps; i++ {
		x, ny := float64(i)*dx, y+v.between(-rough, rough)
		if sharp {
			fmt.Fprintf(v, `L%.0f %.0f`, x, ny)
		} else {
			fmt.Fprintf(v, `C%.0f %.0f %.0f %.0f %.0f %.0f`, x-dx*.55, lastY, x-dx*.45, ny, x, ny)
		}
		lastY = ny
	}
	fmt.Fprintf(v, `V%.0fZ"/>`, v.h)
}

func horizon(v *canvas) {
	v.fill(v.gradient("a", tone(v.hue+20, 48, 16), tone(v.hue, 56, 34), tone(v.second, 74, 62), tone(v.second, 86, 78)))
	cx, cy, r := v.w*v.between(.28, .72), v.h*v.between(.4, .5), v.w*v.between(.13, .2)
	v.glow("b", tone(v.second, 95, 84), cx, cy, r*3.4, .8)
	fmt.Fprintf(v, `<circle cx="%.0f" cy="%.0f" r="%.0f" fill="%s"/>`, cx, cy, r, tone(v.second, 96, 88))
	for i := range 4 {
		d := float64(i)
		v.ridge(v.h*(.52+.11*d), v.h*.035*(1+d*.4), 4+v.rng.IntN(3), false, tone(v.hue+d*6, 46, 34-d*8))
	}
}

func peaks(v *canvas) {
	v.fill(v.gradient("a", tone(v.hue, 30, 22), tone(v.hue, 38, 48), tone(v.second, 50, 78)))
	v.glow("b", tone(v.second, 90, 86), v.w*v.between(.2, .8), v.h*.42, v.w*.5, .7)
	for i := range 4 {
		d := float64(i)
		v.ridge(v.h*(.4+.13*d), v.h*(.12-.015*d), 5+v.rng.IntN(4)+2*i, true, tone(v.hue+d*4, 34-d*3, 46-d*11))
	}
	if v.rng.IntN(2) == 0 { // a lone figure on the slope
		x, y := v.w*v.between(.3, .7), v.h*.66
		fmt.Fprintf(v, `<g fill="%s"><circle cx="%.0f" cy="%.0f" r="4"/><path d="M%.0f %.0fl-5 22h10z"/></g>`, tone(v.hue, 40, 6), x, y-3, x, y)
	}
}

func city(v *canvas) {
	v.fill(v.gradient("a", tone(v.hue, 52, 9), tone(v.hue, 50, 22), tone(v.second, 70, 46)))
	v.glow("b", tone(v.second, 90, 66), v.w*v.between(.25, .75), v.h*.68, v.w*.75, .75)
	lit := tone(v.second+10, 90, 74)
	for layer := range 3 {
		d := float64(layer)
		fmt.Fprintf(v, `<path fill="%s" d="M0 %.0f`, tone(v.hue, 44, 21-d*7), v.h)
		type tower struct{ x, y, w float64 }
		var towers []tower
		for x := -10.0; x < v.w; {
			tw := v.between(.05, .12) * v.w * (.8 + d*.25)
			y := v.h * (v.between(.26, .5) + d*.13)
			fmt.Fprintf(v, `H%.0fV%.0fH%.0f`, x, y, x+tw)
			towers = append(towers, tower{x, y, tw})
			x += tw
		}
		fmt.Fprintf(v, `V%.0fZ"/>`, v.h)
		if layer == 0 {
			continue
		}
		fmt.Fprintf(v, `<path stroke="%s" stroke-width="%.1f" stroke-dasharray="3 %d" opacity="%.1f" d="`, lit, 2+d*.6, 8+v.rng.IntN(6), .25+d*.25)
		for _, t := range towers {
			for x := t.x + 7; x < t.x+t.w-4; x += 9 {
				if v.rng.IntN(5) < 2 {
					fmt.Fprintf(v, `M%.0f %.0fv%.0f`, x, t.y+v.between(8, 60), v.between(20, 140))
				}
			}
		}
		v.WriteString(`"/>`)
	}
}

func portrait(v *canvas) {
	v.fill(v.gradient("a", tone(v.second, 58, 40), tone(v.hue, 52, 24), tone(v.hue, 58, 8)))
	cx, cy, r := v.w*v.between(.42, .58), v.h*.4, min(v.w, v.h)*.19
	side := 1.0
	if v.rng.IntN(2) == 0 {
		side = -1
	}
	v.glow("b", tone(v.second, 88, 70), cx+side*r*.9, cy-r*.4, r*3.6, .85)
	ink := v.gradient("c", tone(v.hue, 42, 11), tone(v.hue, 50, 5))
	figure := func(paint string, dx float64) {
		fmt.Fprintf(v, `<g fill="%s" transform="translate(%.1f 0)"><ellipse cx="%.0f" cy="%.0f" rx="%.0f" ry="%.0f"/>`, paint, dx, cx, cy, r*.78, r)
		fmt.Fprintf(v, `<path d="M%.0f %.0fh%.0fv%.0fC%.0f %.0f %.0f %.0f %.0f %.0fH%.0fC%.0f %.0f %.0f %.0f %.0f %.0fz"/></g>`,
			cx-r*.34, cy+r*.6, r*.68, r*.75, cx+r*1.3, cy+r*1.5, cx+r*1.9, cy+r*1.9, cx+r*2.2, v.h, cx-r*2.2,
			cx-r*1.9, cy+r*1.9, cx-r*1.3, cy+r*1.5, cx-r*.34, cy+r*1.35)
	}
	figure(tone(v.second, 92, 74), side*4) // light along the edge
	figure(ink, 0)
	switch v.rng.IntN(3) {
	case 0: // long hair
		fmt.Fprintf(v, `<path fill="%s" d="M%.0f %.0fc%.0f %.0f %.0f %.0f %.0f 0c%.0f %.0f %.0f %.0f %.0f %.0fh%.0fz"/>`, ink,
			cx-r*.92, cy, 0., -r*1.5, r*1.84, -r*1.5, r*1.84, r*.2, r*1.2, r*.1, r*1.8, -r*.1, r*2.2, -r*1.7)
	case 1: // a hat
		fmt.Fprintf(v, `<path fill="%s" d="M%.0f %.0fh%.0fq%.0f -10 -%.0f -12q-%.0f -%.0f -%.0f 0q-%.0f 2 -%.0f 12z"/>`, ink,
			cx-r*1.35, cy-r*.5, r*2.7, r*.1, r*.6, r*.1, r*1.2, r*1.4, r*.6, r*.7)
	}
	for range 3 {
		fmt.Fprintf(v, `<path stroke="%s" stroke-width="%.1f" opacity=".16" d="M0 %.0fL%.0f %.0f"/>`, tone(v.second, 90, 80), v.between(1, 16), v.between(0, v.h*.5), v.w, v.between(0, v.h*.6))
	}
}

func forest(v *canvas) {
	v.fill(v.gradient("a", tone(v.hue, 36, 12), tone(v.hue, 36, 34), tone(v.second, 44, 66), tone(v.hue, 40, 20)))
	v.glow("b", tone(v.second, 80, 88), v.w*v.between(.3, .7), v.h*.45, v.w*.42, .8)
	for layer := range 3 {
		d := float64(layer)
		fmt.Fprintf(v, `<g fill="%s">`, tone(v.hue, 34, 30-d*12))
		for range 9 - 2*layer {
			x, tw := v.between(0, v.w), v.between(4, 10)*(1+d*.9)
			lean := v.between(-14, 14)
			fmt.Fprintf(v, `<path d="M%.0f 0h%.0fl%.0f %.0fh-%.0fz"/>`, x, tw, lean, v.h, tw*1.5)
			if v.rng.IntN(2) == 0 {
				y := v.between(.1, .5) * v.h
				fmt.Fprintf(v, `<path d="M%.0f %.0fl%.0f -%.0fl4 3l-%.0f %.0fz"/>`, x+lean*y/v.h, y, v.between(25, 60), v.between(20, 50), v.between(20, 30), v.between(30, 45))
			}
		}
		v.WriteString(`</g>`)
		fmt.Fprintf(v, `<ellipse cx="%.0f" cy="%.0f" rx="%.0f" ry="%.0f" fill="%s" opacity=".13"/>`, v.w*v.between(.2, .8), v.h*(.6+.1*d), v.w*.7, v.h*.07, tone(v.second, 40, 90))
	}
	v.ridge(v.h*.86, 10, 6, false, tone(v.hue, 40, 5))
}

func waves(v *canvas) {
	v.fill(v.gradient("a", tone(v.second, 66, 72), tone(v.second, 62, 58), tone(v.hue, 54, 34)))
	cx, r := v.w*v.between(.3, .7), v.w*v.between(.12, .2)
	fmt.Fprintf(v, `<circle cx="%.0f" cy="%.0f" r="%.0f" fill="%s"/>`, cx, v.h*.3, r, tone(v.second+14, 90, 86))
	for i := range 7 {
		d := float64(i)
		y, amp, wl := v.h*(.42+.085*d), v.between(8, 20), v.w/v.between(1.4, 3.2)
		fmt.Fprintf(v, `<path fill="%s" d="M%.0f %.0f`, tone(v.hue+d*3, 56, 48-d*6), -v.between(0, wl), y)
		fmt.Fprintf(v, `q%.0f %.0f %.0f 0`, wl/4, -amp*2, wl/2)
		for range 8 {
			fmt.Fprintf(v, `t%.0f 0`, wl/2)
		}
		fmt.Fprintf(v, `V%.0fH-%.0fz"/>`, v.h, wl)
	}
}

func orbit(v *canvas) {
	v.fill(v.gradient("a", tone(v.hue, 60, 5), tone(v.hue, 56, 16), tone(v.second, 50, 24)))
	fmt.Fprintf(v, `<g fill="#fff">`)
	for range 34 {
		fmt.Fprintf(v, `<circle cx="%.0f" cy="%.0f" r="%.1f" opacity="%.1f"/>`, v.between(0, v.w), v.between(0, v.h), v.between(.5, 1.6), v.between(.3, 1))
	}
	v.WriteString(`</g>`)
	cx, cy, r := v.w*v.between(.3, .7), v.h*v.between(.32, .44), min(v.w, v.h)*v.between(.24, .34)
	v.glow("b", tone(v.second, 90, 60), cx, cy, r*1.9, .6)
	fmt.Fprintf(v, `<radialGradient id="c" cx=".3" cy=".28" r=".85"><stop offset="0" stop-color="%s"/><stop offset=".5" stop-color="%s"/><stop offset="1" stop-color="%s"/></radialGradient>`,
		tone(v.second, 85, 78), tone(v.hue, 60, 42), tone(v.hue, 70, 6))
	fmt.Fprintf(v, `<circle cx="%.0f" cy="%.0f" r="%.0f" fill="url(#c)"/>`, cx, cy, r)
	tilt := v.between(-35, 35)
	for i := range 3 {
		rx := r * (1.35 + .16*float64(i))
		fmt.Fprintf(v, `<path d="M%.0f %.0fA%.0f %.0f 0 1 0 %.0f %.0f" fill="none" stroke="%s" stroke-width="%.1f" opacity=".7" transform="rotate(%.0f %.0f %.0f)"/>`,
			cx-rx*.88, cy-rx*.08, rx, rx*.26, cx+rx*.88, cy-rx*.08, tone(v.second, 80, 80), v.between(1, 4), tilt, cx, cy)
	}
}

func corridor(v *canvas) {
	v.fill(tone(v.hue, 48, 5))
	cx, cy := v.w*v.between(.4, .6), v.h*v.between(.38, .46)
	const n = 9
	for i := range n {
		f := math.Pow(1-float64(i)/n, 1.7)
		w, h := v.w*1.25*f, v.h*1.2*f
		l := 7 + 56*math.Pow(float64(i)/n, 1.6)
		fmt.Fprintf(v, `<rect x="%.1f" y="%.1f" width="%.1f" height="%.1f" fill="%s" stroke="%s" stroke-width="%.1f"/>`,
			cx-w/2, cy-h/2, w, h, tone(v.hue+float64(i)*4, 56, l), tone(v.second, 80, min(l+16, 88)), 1+2*f)
	}
	v.glow("b", tone(v.second, 90, 88), cx, cy, v.w*.24, .95)
	fmt.Fprintf(v, `<g fill="%s"><circle cx="%.0f" cy="%.0f" r="6"/><path d="M%.0f %.0fq9 0 9 16l-3 26h-12l-3 -26q0 -16 9 -16"/></g>`, tone(v.hue, 60, 4), cx, cy-4, cx, cy+4)
	fmt.Fprintf(v, `<path fill="%s" opacity=".4" d="M%.0f %.0fh12L%.0f %.0fh-%.0fz"/>`, tone(v.hue, 60, 3), cx-6, cy+46, cx+v.w*.12, v.h, v.w*.24)
}

func blinds(v *canvas) {
	v.fill(v.gradient("a", tone(v.second, 78, 58), tone(v.second, 70, 38), tone(v.hue, 60, 12)))
	v.glow("b", tone(v.second, 95, 84), v.w*v.between(.2, .8), v.h*.25, v.w*.7, .8)
	angle := v.between(-16, 16)
	fmt.Fprintf(v, `<g fill="%s" transform="rotate(%.0f %.0f %.0f)">`, tone(v.hue, 56, 7), angle, v.w/2, v.h/2)
	step := v.h / v.between(13, 18)
	for y := -v.h * .3; y < v.h*1.3; y += step {
		fmt.Fprintf(v, `<path d="M-200 %.0fh1040v%.1fH-200z"/>`, y, step*v.between(.48, .66))
	}
	v.WriteString(`</g>`)
	x := v.w * v.between(.3, .66)
	r := min(v.w, v.h) * .13
	y := v.h * .44
	fmt.Fprintf(v, `<path fill="%s" d="M%.0f %.0fa%.0f %.0f 0 1 1 1 0q%.0f %.0f %.0f %.0fV%.0fH%.0fV%.0fq%.0f -%.0f %.0f -%.0fz"/>`, tone(v.hue, 60, 4),
		x, y+r, r*.8, r, r*1.6, r*.2, r*1.9, r*1.9, v.h, x-r*1.9, y+r*2.9, r*.3, r*1.7, r*1.9, r*1.9)
}

func moonrise(v *canvas) {
	v.fill(v.gradient("a", tone(v.hue, 54, 10), tone(v.hue+14, 50, 30), tone(v.second, 60, 56)))
	cx, cy, r := v.w*v.between(.35, .65), v.h*.36, min(v.w, v.h)*v.between(.22, .3)
	for i := range 4 {
		fmt.Fprintf(v, `<circle cx="%.0f" cy="%.0f" r="%.0f" fill="%s" opacity=".11"/>`, cx, cy, r*(2.2-.32*float64(i)), tone(v.second, 80, 80))
	}
	fmt.Fprintf(v, `<circle cx="%.0f" cy="%.0f" r="%.0f" fill="%s"/>`, cx, cy, r, tone(v.second+20, 78, 86))
	for range 4 {
		fmt.Fprintf(v, `<circle cx="%.0f" cy="%.0f" r="%.0f" fill="%s" opacity=".25"/>`, cx+v.between(-r, r)*.6, cy+v.between(-r, r)*.6, v.between(.06, .2)*r, tone(v.second, 50, 66))
	}
	v.ridge(v.h*.66, v.h*.05, 5, false, tone(v.hue, 44, 20))
	base := v.h * v.between(.66, .7)
	fmt.Fprintf(v, `<path fill="%s" d="M0 %.0f`, tone(v.hue, 50, 9), v.h)
	for x := v.w * .2; x < v.w*.8; { // a castle, or a town, on the hill
		w := v.between(14, 34)
		top := base - v.between(20, 110)*(1-math.Abs(x-v.w/2)/v.w*1.6)
		fmt.Fprintf(v, `L%.0f %.0fV%.0fl%.0f %.0fl%.0f %.0fV%.0f`, x, base, top, w/2, -v.between(6, 34), w/2, v.between(6, 34), base)
		x += w + v.between(0, 18)
	}
	fmt.Fprintf(v, `L%.0f %.0fV%.0fz"/>`, v.w, base+30, v.h)
	fmt.Fprintf(v, `<path stroke="%s" fill="none" stroke-width="1.6" d="M%.0f %.0fq6 -7 12 0q6 -7 12 0m22 -18q5 -6 10 0q5 -6 10 0"/>`, tone(v.hue, 50, 9), cx-r*.5, cy-r*.2)
}

func shapes(v *canvas) {
	v.fill(tone(v.hue, 70, 60))
	paints := []string{tone(v.second, 78, 62), tone(v.hue+180, 64, 30), tone(v.hue+40, 88, 74), tone(v.hue, 60, 24), "#fff7ea"}
	cell := v.w / 4
	if v.w > v.h {
		cell = v.w / 6
	}
	for y := 0.0; y < v.h; y += cell {
		for x := 0.0; x < v.w-1; x += cell {
			p := paints[v.rng.IntN(len(paints))]
			switch v.rng.IntN(6) {
			case 0:
				fmt.Fprintf(v, `<circle cx="%.0f" cy="%.0f" r="%.0f" fill="%s"/>`, x+cell/2, y+cell/2, cell*.38, p)
			case 1:
				fmt.Fprintf(v, `<path d="M%.0f %.0fh%.0fa%.0f %.0f 0 0 1 -%.0f %.0fz" fill="%s"/>`, x, y, cell, cell, cell, cell, cell, p)
			case 2:
				fmt.Fprintf(v, `<path d="M%.0f %.0fv-%.0fa%.0f %.0f 0 0 1 %.0f %.0fz" fill="%s"/>`, x, y+cell, cell, cell, cell, cell, cell, p)
			case 3:
				fmt.Fprintf(v, `<path d="M%.0f %.0fl%.0f -%.0fv%.0fz" fill="%s"/>`, x, y+cell, cell, cell, cell, p)
			case 4:
				fmt.Fprintf(v, `<path d="M%.0f %.0fh%.0fv%.0fh-%.0fz" fill="%s"/>`, x, y, cell, cell, cell, p)
			}
		}
	}
}

func petals(v *canvas) {
	v.fill(v.gradient("a", tone(v.second, 70, 82), tone(v.hue, 62, 66)))
	cx, cy := v.w*v.between(.4, .6), v.h*.4
	n := 7 + v.rng.IntN(6)
	r := min(v.w, v.h) * .46
	for ring := range 3 {
		d := float64(ring)
		fmt.Fprintf(v, `<g fill="%s" opacity=".82">`, tone(v.hue-d*22, 70, 62-d*12))
		for i := range n {
			fmt.Fprintf(v, `<ellipse cx="%.0f" cy="%.0f" rx="%.0f" ry="%.0f" transform="rotate(%.0f %.0f %.0f)"/>`, cx, cy-r*(.6-.16*d), r*(.2-.03*d), r*(.5-.12*d), (float64(i)+d*.5)*360/float64(n), cx, cy)
		}
		v.WriteString(`</g>`)
	}
	fmt.Fprintf(v, `<circle cx="%.0f" cy="%.0f" r="%.0f" fill="%s"/>`, cx, cy, r*.14, tone(v.second, 90, 84))
}

func rings(v *canvas) {
	v.fill(v.gradient("a", tone(v.hue, 66, 18), tone(v.hue+16, 60, 8)))
	cx, cy := v.w*v.between(.2, .8), v.h*v.between(.25, .5)
	v.glow("b", tone(v.second, 90, 60), cx, cy, v.w*.7, .5)
	for i := range 11 {
		d := float64(i)
		r := v.w * (.06 + .07*d)
		fmt.Fprintf(v, `<circle cx="%.0f" cy="%.0f" r="%.0f" fill="none" stroke="%s" stroke-width="%.1f" stroke-dasharray="%.0f %.0f" transform="rotate(%.0f %.0f %.0f)"/>`,
			cx, cy, r, tone(v.second+d*7, 84, 72-d*4), v.between(2, 13), r*v.between(.8, 4), r*v.between(.2, 1.6), v.between(0, 360), cx, cy)
	}
}

func bars(v *canvas) {
	v.fill(v.gradient("a", tone(v.hue, 40, 92), tone(v.hue, 36, 78)))
	n := 9 + v.rng.IntN(5)
	bw := v.w / float64(n)
	for i := range n {
		f := .5 + .5*math.Sin(float64(i)*v.between(.6, .75)+v.hue)
		h := v.h * (.18 + .5*f*v.between(.6, 1))
		fmt.Fprintf(v, `<rect x="%.1f" y="%.0f" width="%.1f" height="%.0f" rx="3" fill="%s"/>`, float64(i)*bw+2, v.h*.78-h, bw-4, h+v.h*.3, tone(v.hue+f*50, 58, 56-28*f))
	}
	fmt.Fprintf(v, `<circle cx="%.0f" cy="%.0f" r="%.0f" fill="%s"/>`, v.w*v.between(.2, .8), v.h*.2, v.w*.09, tone(v.second, 82, 56))
}
