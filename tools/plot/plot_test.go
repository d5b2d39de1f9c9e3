package plot_test

import (
	"encoding/xml"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"playhead/tools/plot"
)

func TestLogLogIsWellFormed(t *testing.T) {
	path := filepath.Join(t.TempDir(), "docs", "p.svg")
	err := plot.LogLog(path, "title", "x", "y", []plot.Series{
		{Name: "line", Colour: "#123456", Points: [][2]float64{{1, 10}, {100, 1000}}},
		{Name: "dots", Colour: "#654321", Points: [][2]float64{{1, 10}, {10, 30}}, Dots: true},
	})
	if err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	d := xml.NewDecoder(strings.NewReader(string(data)))
	circles := 0
	for {
		token, err := d.Token()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if e, ok := token.(xml.StartElement); ok && e.Name.Local == "circle" {
			circles++
		}
	}
	if circles != 2 || !strings.Contains(string(data), ">line</text>") {
		t.Errorf("%d circles in %s", circles, data)
	}
}
