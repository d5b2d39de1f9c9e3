package main

import (
	"bytes"
	"fmt"
	"time"

	"playhead/internal/collect/cmcd"
	"playhead/internal/collect/wire"
	"playhead/tools/figures"
)

// measureCMCD decodes reports of the kind that hls.js sends, on all cores.
func measureCMCD(r *figures.Report) error {
	const each = 4 * time.Second
	rate, err := decodeRate(reports(64, 800), each, func() func([]byte) (int, error) {
		d := cmcd.NewDecoder()
		return func(data []byte) (int, error) {
			n, bad := 0, 0
			err := d.Decode(data, cmcd.Options{}, func(it *wire.Item) {
				n++
				if it.Bad.Code != "" || it.Ignored != "" {
					bad++
				}
			})
			if err == nil && bad > 0 {
				err = fmt.Errorf("%d of %d reports are no event", bad, n)
			}
			return n, err
		}
	})
	if err != nil {
		return fmt.Errorf("cmcd: %w", err)
	}
	r.Add("decode.cmcd.events_per_s", rate, "events/s")
	return nil
}

// audience is how many viewers report, as many as those of the native events.
const audience = 20_000

// reports are bodies of lines that are events: mostly intervals, with changes of
// state and of bit rate between them.
func reports(bodies, lines int) []body {
	out := make([]body, bodies)
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
				(4000+n*7)/100*100, 1200+n%5*400, n%200, n*1000, (i*lines+n)%audience, what, (5000+n)/100*100, i*lines+n, n, 1795357990000+int64(n))
		}
		out[i] = body{b.Bytes(), lines}
	}
	return out
}
