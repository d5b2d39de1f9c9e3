// Package audience is what benchmarks and the gate send: the requests of the
// synthetic audience, and reports of players, made before any clock starts. It
// measures nothing.
package audience

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	"playhead/internal/catalog"
	"playhead/internal/simulate"
)

// Body is one request as it will be sent.
type Body struct {
	Data   []byte
	Events int
}

// Options say which audience it is. The same ones with an End give the same bytes.
type Options struct {
	Seed    uint64
	Events  int64
	Viewers int64            // 0 is 20,000
	Batch   int              // events a request; 0 is 800
	End     time.Time        // of what they did; zero is now
	Catalog *catalog.Catalog // what they watch; nil is the demo's
	// Return: the viewers of a Loop come again in each of its cycles. Else each has others,
	// as a service has: hours pass in the seconds that a cycle takes, and who watched for
	// an evening does not watch another one half a minute later.
	Return bool
}

// Prepare makes the requests of an audience, in order of time: NDJSON.
func Prepare(ctx context.Context, o Options) ([]Body, error) {
	var rec recorder
	err := simulate.Run(ctx, simulate.Options{
		Target: "http://recorder.invalid", Key: "none", Seed: o.Seed, Events: o.Events, Viewers: o.Viewers, Batch: o.Batch, End: o.End, Catalog: o.Catalog,
		Workers: 1, Client: &http.Client{Transport: &rec},
	})
	return rec.bodies, err
}

// recorder is the far end of a simulation that keeps what it is sent.
type recorder struct {
	mu     sync.Mutex
	bodies []Body
}

// RoundTrip answers as a collector that takes everything.
func (r *recorder) RoundTrip(req *http.Request) (*http.Response, error) {
	answer := `{"accepted":0,"duplicate":0,"rejected":[]}`
	if req.Body != nil {
		data, err := io.ReadAll(req.Body)
		if err != nil {
			return nil, err
		}
		if n := bytes.Count(data, []byte("\n")); n > 0 {
			r.mu.Lock()
			r.bodies = append(r.bodies, Body{data, n})
			r.mu.Unlock()
			answer = fmt.Sprintf(`{"accepted":%d,"duplicate":0,"rejected":[]}`, n)
		}
	}
	return &http.Response{
		StatusCode: http.StatusOK, Request: req, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(bytes.NewBufferString(answer)),
	}, nil
}

// reporters is how many viewers Reports are of, as many as those of native events.
const reporters = 20_000

// Reports are bodies of lines of the kind that hls.js sends by CMCD, each of which
// is an event: mostly intervals, with changes of state and of bit rate between them.
func Reports(bodies, lines int) []Body {
	out := make([]Body, bodies)
	for i := range out {
		var b bytes.Buffer
		for n := range lines {
			what := "e=t"
			switch n % 10 {
			case 3:
				what = "e=ps"
			case 7:
				what = "e=bc"
			}
			fmt.Fprintf(&b, `bl=(%d),br=(%d),cid="title-%03d",com.playhead-pt=%d,com.playhead-viewer="viewer-%d",%s,mtp=(%d),pr=1,sf=h,sid="0193f5a2-7c1e-7b3a-9d2f-%012x",sn=%d,st=v,sta=p,ts=%d,v=2`+"\n",
				(4000+n*7)/100*100, 1200+n%5*400, n%200, n*1000, (i*lines+n)%reporters, what, (5000+n)/100*100, i*lines+n, n, 1795357990000+int64(n))
		}
		out[i] = Body{b.Bytes(), lines}
	}
	return out
}
