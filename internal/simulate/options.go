package simulate

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"playhead/internal/catalog"
)

// Options say what Run sends and what Verify asks.
type Options struct {
	// Target is the server's base URL, e.g. http://localhost:8080.
	Target string
	// Key is a write key (Run), Token a read token (Verify).
	Key, Token string
	Seed       uint64
	// Events is how many different events are sent, exactly. With 0, Duration
	// of simulated time is sent instead.
	Events   int64
	Duration time.Duration
	// World is what the audience has on purpose, one of Worlds; "" is the plain one.
	// A world watches its own catalogue and spans 29 days.
	World string
	// Viewers is how many people there are; 0 is 20,000, of a world 2,000.
	Viewers int64
	// Speed is how many times real time; 0 is as fast as the server takes it,
	// with all events in the past few hours.
	Speed float64
	// Truth is the file that the truth is written to or read from; "" is none.
	Truth string
	// Workers is how many connections send at once; 0 is 4.
	Workers int
	// Batch is events a request; 0 is 800.
	Batch int
	// Patience is for how long one request is tried again; 0 is 5 minutes.
	Patience time.Duration
	// End fixes the end of simulated time, for repeatable runs; zero is now.
	End time.Time
	// Catalog is what is watched; nil is the demo's.
	Catalog *catalog.Catalog
	// Out is where progress is told; nil is nowhere.
	Out io.Writer
	// Client sends the requests; nil is one of its own.
	Client *http.Client
}

// Validate reports everything that is wrong with the options for Run.
func (o *Options) Validate() error {
	var errs []error
	if err := checkTarget(o.Target); err != nil {
		errs = append(errs, err)
	}
	if o.Key == "" {
		errs = append(errs, errors.New("no write key; make one with `playhead keys create --write`"))
	}
	if err := checkWorld(o.World); err != nil {
		errs = append(errs, err)
	} else if o.World != "" && (o.Events == 0 || o.Speed > 0) {
		errs = append(errs, errors.New("a world needs a number of events, and has no speed: it spans 29 days"))
	}
	if o.Events < 0 || o.Duration < 0 || o.Speed < 0 || o.Viewers < 0 {
		errs = append(errs, errors.New("events, duration, viewers and speed must not be negative"))
	}
	if o.Events == 0 && o.Duration == 0 {
		errs = append(errs, errors.New("nothing to do; say how many events or for how long"))
	}
	if o.Events > 0 && o.Duration > 0 && o.Speed == 0 && o.Duration > 14*24*time.Hour {
		errs = append(errs, errors.New("duration is over 14 days; the server takes no events older than 30 days"))
	}
	return errors.Join(errs...)
}

func checkTarget(target string) error {
	u, err := url.Parse(target)
	if err != nil || u.Host == "" || !strings.HasPrefix(u.Scheme, "http") {
		return fmt.Errorf("target %q is not a URL such as http://localhost:8080", target)
	}
	return nil
}

func (o *Options) defaults() {
	if o.Viewers == 0 && o.World != "" {
		o.Viewers = 2_000
	}
	if o.Viewers == 0 {
		o.Viewers = 20_000
	}
	if o.Workers <= 0 {
		o.Workers = 4
	}
	if o.Batch <= 0 {
		o.Batch = 800
	}
	if o.Patience == 0 {
		o.Patience = 5 * time.Minute
	}
	if o.Out == nil {
		o.Out = io.Discard
	}
	o.Target = strings.TrimRight(o.Target, "/")
}

// length is how much simulated time there is, ms.
func (o *Options) length() int64 {
	if o.World != "" {
		return worldLength
	}
	if o.Duration > 0 {
		return max(o.Duration.Milliseconds(), 5*60_000)
	}
	// A viewer gives some 40 events an hour on average: enough room for all.
	hours := max(3, float64(o.Events)/(float64(o.Viewers)*25))
	return int64(min(hours, 14*24) * hourMS)
}
