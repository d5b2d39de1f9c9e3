package main

import (
	"fmt"
	"time"

	"playhead/internal/collect/cmcd"
	"playhead/internal/collect/wire"
	"playhead/tools/audience"
	"playhead/tools/figures"
)

// measureCMCD decodes reports of the kind that hls.js sends, on all cores.
func measureCMCD(r *figures.Report) error {
	const each = 4 * time.Second
	rate, err := decodeRate(audience.Reports(64, 800), each, func() func([]byte) (int, error) {
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
