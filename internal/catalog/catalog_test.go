package catalog

import (
	"encoding/xml"
	"errors"
	"flag"
	"io"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

var render = flag.String("render", "", "write some artwork into this folder, to look at")

func TestDemoIsWellFormed(t *testing.T) {
	c := Demo(1)
	if c.Len() != 200 {
		t.Errorf("%d titles", c.Len())
	}
	creatives := map[string]bool{}
	for _, title := range c.Titles() {
		if title.Kind != Live && (title.RuntimeMS < 20*60_000 || title.RuntimeMS > 150*60_000) {
			t.Errorf("%s runs %d ms", title.ID, title.RuntimeMS)
		}
		if title.Kind != Live && len(title.Cast) == 0 || len(title.Themes) < 2 || title.Launched == 0 || title.Language == "" {
			t.Errorf("%s lacks something: %+v", title.ID, title)
		}
		var seen []string
		for _, cr := range title.Creatives {
			if creatives[cr.ID] {
				t.Errorf("creative %s is there twice", cr.ID)
			}
			creatives[cr.ID] = true
			seen = append(seen, cr.Tags...)
			if len(cr.Tags) == 0 {
				t.Errorf("nothing is said to be seen in %s", cr.ID)
			}
		}
		if slices.Sort(seen); len(slices.Compact(seen)) < 2 {
			t.Errorf("the creatives of %s cannot be told apart by what is seen in them", title.ID)
		}
		for _, g := range title.Genres {
			if _, ok := genreHue[g]; !ok || genreThemes[g] == nil {
				t.Errorf("%s: genre %q has no hue or no themes", title.ID, g)
			}
		}
	}
	again := Demo(1)
	for i, title := range c.Titles() {
		if other := again.Titles()[i]; other.RuntimeMS != title.RuntimeMS || !slices.Equal(other.Cast, title.Cast) {
			t.Fatalf("%s differs when made again", title.ID)
		}
	}
}

func TestArtIsSmallAndValid(t *testing.T) {
	seen := map[string]string{}
	check := func(title Title, c Creative, w, h int) {
		svg := Art(title, c, w, h)
		if len(svg) > 6*1024 {
			t.Errorf("%s %s: %d bytes", title.ID, c.ID, len(svg))
		}
		if other, same := seen[string(svg)]; same {
			t.Errorf("%s and %s look the same", c.ID, other)
		}
		seen[string(svg)] = c.ID
		if err := wellFormed(string(svg)); err != nil {
			t.Errorf("%s: %v", c.ID, err)
		}
	}
	for _, title := range Demo(1).Titles() {
		for _, c := range title.Creatives {
			if c.Kind == Still {
				check(title, c, stillW, stillH)
			} else {
				check(title, c, posterW, posterH)
			}
		}
	}
}

func wellFormed(svg string) error {
	d := xml.NewDecoder(strings.NewReader(svg))
	for {
		switch _, err := d.Token(); {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		}
	}
}

func TestArtHandler(t *testing.T) {
	h := ArtHandler(Demo(1))
	get := func(path, tag string) *httptest.ResponseRecorder {
		r := httptest.NewRequest("GET", path, nil)
		if tag != "" {
			r.Header.Set("If-None-Match", tag)
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w
	}
	for _, path := range []string{
		"/art/glass-harbour/poster.svg", "/art/glass-harbour/still.svg", "/art/glass-harbour/glass-harbour-p2.svg",
		"/art/nobody-knows/poster.svg", "/art/%3Cscript%3Ealert(1)%22%27%26/still.svg", "/art/%00%ff%01/poster.svg",
	} {
		w := get(path, "")
		body := w.Body.String()
		if w.Code != 200 || wellFormed(body) != nil || strings.Contains(body, "<script") {
			t.Errorf("%s: %d %v %.80s", path, w.Code, wellFormed(body), body)
		}
		if again := get(path, w.Header().Get("ETag")); again.Code != 304 {
			t.Errorf("%s with its ETag: %d", path, again.Code)
		}
	}
	for _, path := range []string{"/art/", "/art/x", "/art/x/", "/art/x/poster.png", "/art/x/y/z.svg"} {
		if w := get(path, ""); w.Code != 404 {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
}

func TestLoadFile(t *testing.T) {
	cases := []struct{ name, text, want string }{
		{"yaml", "titles:\n- id: a\n  name: A\n  kind: movie\n  minutes: 90\n  launched: 2026-01-02\n", ""},
		{"json", `[{"id":"a","runtime_ms":5400000,"creatives":[{"id":"a1","kind":"poster"}]}]`, ""},
		{"empty", "", ""},
		{"misspelt", "- id: a\n  gneres: [x]\n", `line 1: unknown field "gneres"; did you mean "genres"?`},
		{"type", "- id: a\n- id: b\n  year: soon\n", "line 2: wrong type"},
		{"twice", "- id: a\n- id: a\n", `line 2: id "a" is taken at line 1`},
		{"no id", "- name: A\n", "has no id"},
		{"kind", "- id: a\n  kind: film\n", `kind "film" is unknown`},
		{"day", "- id: a\n  launched: tomorrow\n", `launched "tomorrow" is not a day`},
		{"broken", "- id: [", "neither YAML nor JSON"},
		{"top", "films: []\n", `line 1: unknown setting "films"`},
		{"more", "titles: []\nfilms: []\n", `line 2: unknown setting "films"`},
	}
	for _, c := range cases {
		path := filepath.Join(t.TempDir(), "catalog.yaml")
		if err := os.WriteFile(path, []byte(c.text), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := LoadFile(path)
		switch {
		case c.want == "" && err != nil:
			t.Errorf("%s: %v", c.name, err)
		case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
			t.Errorf("%s: %v; want %q", c.name, err, c.want)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte("- id: a\n  minutes: 3"))
	f.Add([]byte(`{"titles":[{"id":"a","cast":["x"]}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := Parse(data)
		if err != nil {
			return
		}
		for _, title := range c.Titles() {
			if err := wellFormed(string(Art(title, title.First(Poster), posterW, posterH))); err != nil {
				t.Fatalf("artwork of %q: %v", title.ID, err)
			}
		}
	})
}

// With -render DIR some artwork is written out with a page that shows it.
func TestRender(t *testing.T) {
	if *render == "" {
		return
	}
	page := `<body style="margin:8px;background:#111;display:flex;flex-wrap:wrap;gap:8px">`
	show := func(title Title, c Creative, w, h int) {
		file := c.ID + ".svg"
		if err := os.WriteFile(filepath.Join(*render, file), Art(title, c, w, h), 0o644); err != nil {
			t.Fatal(err)
		}
		page += `<img src="` + file + `" width=` + strconv.Itoa(w/2) + `>`
	}
	for i, title := range Demo(1).Titles() {
		if i%6 == 0 {
			show(title, title.First(Poster), posterW, posterH)
		}
	}
	for i, title := range Demo(1).Titles() {
		if i%18 == 0 {
			show(title, title.First(Still), stillW, stillH)
		}
	}
	if err := os.WriteFile(filepath.Join(*render, "art.html"), []byte(page), 0o644); err != nil {
		t.Fatal(err)
	}
}

// TestFormats: the same catalogue from YAML, JSON and CSV, and written and read again.
func TestFormats(t *testing.T) {
	yaml := "titles:\n  - id: a\n    name: One, two\n    minutes: 90\n    genres: [drama, crime]\n    year: 2020\n    launched: 2026-11-01\n"
	json := `{"titles":[{"id":"a","name":"One, two","minutes":90,"genres":["drama","crime"],"year":2020,"launched":"2026-11-01"}]}`
	csv := "id,name,minutes,genres,year,launched,origin\na,\"One, two\",90,drama|crime,2020,2026-11-01,\n"
	version := ""
	for _, text := range []string{yaml, json, csv} {
		c, err := Parse([]byte(text))
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		if title, _ := c.Title("a"); title.RuntimeMS != 90*60_000 || len(title.Genres) != 2 || title.Year != 2020 || title.Launched == 0 || title.Name != "One, two" {
			t.Errorf("%s gave %+v", text, title)
		}
		if version != "" && c.Version() != version {
			t.Errorf("%s is another version", text)
		}
		version = c.Version()
	}
	one, err := ParseOne("b", []byte("launches: {DE: 2026-10-02, US: 2026-10-01}\ncreatives:\n  - {id: b1, kind: poster, image: b1.jpg, tags: [face, night]}\n"))
	if err != nil {
		t.Fatal(err)
	}
	if day, ok := one.LaunchedIn("DE"); !ok || day != one.Launched+86_400_000 || one.Creatives[0].Tags[1] != "night" {
		t.Errorf("one title: %+v", one)
	}
	if _, ok := one.LaunchedIn("FR"); ok {
		t.Error("it came to FR")
	}
	c, _ := Parse([]byte(csv))
	both, err := c.With(one)
	if err != nil {
		t.Fatal(err)
	}
	text, err := Encode(both)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := Parse(text); err != nil || again.Version() != both.Version() || Compare(both, again).Changed != 0 {
		t.Errorf("written and read again: %v\n%s", err, text)
	}
	if less, err := both.Without("a"); err != nil || less.Len() != 1 {
		t.Errorf("without a: %v", err)
	}
	for text, want := range map[string]string{
		"id,nam\na,b\n":       `line 1: a CSV file has no column "nam"; did you mean "name"?`,
		"id,name\na,b\na,c\n": "line 3: id \"a\" is taken at line 2",
		"id,year\na,old\n":    "line 2: wrong type",
		"id,name\n\"a,b\n":    "read CSV",
		"titles:\n  - {id: a, launches: {Germany: 2026-01-01}}":                             `line 2: launches names "Germany"`,
		"titles:\n  - {id: a, creatives: [{id: x, kind: poster, image: ../../etc/passwd}]}": `image "../../etc/passwd" is neither`,
	} {
		if _, err := Parse([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q gave %v, want %s", text, err, want)
		}
	}
	if _, err := ParseOne("b", []byte("{id: c}")); err == nil || !strings.Contains(err.Error(), `the address says "b"`) {
		t.Errorf("another id: %v", err)
	}
}

// TestImages: pictures of the folder are served, and nothing else.
func TestImages(t *testing.T) {
	folder := t.TempDir()
	if err := os.Mkdir(filepath.Join(folder, "artwork"), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"artwork/one face.png", "artwork/notes.txt", "secret.png"} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte("\x89PNG\r\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	h := ImageHandler(filepath.Join(folder, "artwork"))
	for address, status := range map[string]int{
		ImageAddress("one face.png"): 200, "/artwork/notes.txt": 404, "/artwork/none.png": 404, "/artwork/%2e%2e/secret.png": 404, "/artwork/": 404,
	} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest("GET", address, nil))
		if (w.Code == 200) != (status == 200) {
			t.Errorf("%s gave %d, want %d", address, w.Code, status)
		}
	}
	for image, want := range map[string]string{"": "", "https://x.example/a.jpg": "https://x.example/a.jpg", "/art/a/b.svg": "/art/a/b.svg", "a b.png": "/artwork/a%20b.png"} {
		if got := ImageAddress(image); got != want {
			t.Errorf("%q is at %q, want %q", image, got, want)
		}
	}
}
