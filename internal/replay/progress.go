package replay

import (
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"time"
)

// shown rejected records a run; what is left is counted.
const shown = 100

// progress says how far it is: a bar on a terminal, plain lines else.
type progress struct {
	out      io.Writer
	terminal bool
	every    time.Duration

	file    string
	started time.Time
	last    time.Time
	drawn   bool
	listed  int64
	hidden  int64
}

func newProgress(out io.Writer, terminal bool) *progress {
	p := &progress{out: out, terminal: terminal, every: 5 * time.Second}
	if terminal {
		p.every = 200 * time.Millisecond
	}
	return p
}

func (p *progress) begin(file string) {
	p.file, p.started, p.last = file, time.Now(), time.Now()
}

// step draws when it is time to.
func (p *progress) step(f *file, s *Summary) {
	if time.Since(p.last) < p.every {
		return
	}
	p.last = time.Now()
	share := 1.0
	if f.size > 0 {
		share = min(1, float64(f.read.Load())/float64(f.size))
	}
	rate := float64(s.Records) / max(0.001, time.Since(p.started).Seconds())
	if !p.terminal {
		fmt.Fprintf(p.out, "%s: %.0f %%, %d records, %d rejected, %.0f/s\n", p.file, 100*share, s.Records, s.Rejected, rate)
		return
	}
	const width = 30
	done := int(share * width)
	fmt.Fprintf(p.out, "\r\x1b[K%s [%s%s] %3.0f %%  %d records  %d rejected  %.0f/s", filepath.Base(p.file),
		strings.Repeat("=", done), strings.Repeat(" ", width-done), 100*share, s.Records, s.Rejected, rate)
	p.drawn = true
}

// line prints a line of its own.
func (p *progress) line(format string, args ...any) {
	if p.drawn {
		fmt.Fprint(p.out, "\r\x1b[K")
		p.drawn = false
	}
	fmt.Fprintf(p.out, format+"\n", args...)
}

// rejected names a record that was not taken.
func (p *progress) rejected(record int64, bad *RecordError) {
	if p.listed >= shown {
		p.hidden++
		return
	}
	p.listed++
	p.line("%s: record %d: %v", p.file, record, bad)
}

func (p *progress) end(s *Summary) {
	if p.hidden > 0 {
		p.line("%s: and %d more rejected records", p.file, p.hidden)
		p.hidden = 0
	}
	text := fmt.Sprintf("%s: %d records, %d accepted, %d rejected", p.file, s.Records, s.Accepted, s.Rejected)
	if s.Duplicate > 0 {
		text += fmt.Sprintf(", %d twice in it", s.Duplicate)
	}
	if s.Skipped > 0 {
		text += fmt.Sprintf(", %d left out by the mapping", s.Skipped)
	}
	p.line("%s in %v", text, time.Since(p.started).Round(time.Millisecond))
}
