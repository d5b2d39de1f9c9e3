package native

import (
	"math"

	"playhead/internal/event"
	"playhead/internal/spell"
)

// eventType reads the field "type".
func (d *Decoder) eventType() error {
	if d.c.peek() != '"' {
		return d.wrong("type", "a string")
	}
	s, err := d.c.str()
	if err != nil {
		return err
	}
	if d.item.Event.Type = event.ParseType(s); d.item.Event.Type == event.TypeUnknown {
		reason := "not one of the event types"
		if near := nearest(s); near != "" {
			reason += `; did you mean "` + near + `"?`
		}
		d.item.Reject("type", event.CodeUnknownType, reason)
	}
	return nil
}

// nearest is the event type that name is most likely a misspelling of, or "".
func nearest(name string) string {
	types := make([]string, 0, int(event.SeekStarted))
	for t := event.Impression; t < event.SeekStarted; t++ {
		types = append(types, t.String())
	}
	return spell.Nearest(fold(name[:min(len(name), 64)]), types)
}

// fold writes PlayStarted and play-started as play_started.
func fold(name string) string {
	var out []byte
	for i := range len(name) {
		ch := name[i]
		switch {
		case ch >= 'A' && ch <= 'Z':
			if i > 0 && name[i-1] >= 'a' && name[i-1] <= 'z' {
				out = append(out, '_')
			}
			ch += 'a' - 'A'
		case ch == '-' || ch == ' ' || ch == '.':
			ch = '_'
		}
		out = append(out, ch)
	}
	return string(out)
}

// time reads a time into to; has, when not nil, tells that there is one.
func (d *Decoder) time(field string, to *int64, has *bool) error {
	ms, bad, err := d.timeValue()
	switch {
	case err != nil:
		return err
	case bad == absentTime:
	case bad != "":
		d.item.Reject(field, event.CodeInvalid, bad)
	default:
		*to = ms
		if has != nil {
			*has = true
		}
	}
	return nil
}

const (
	absentTime = "absent"
	wantTime   = "must be RFC 3339 or epoch milliseconds"
)

// timeValue reads the time at p, epoch ms. bad says why there is none.
func (d *Decoder) timeValue() (ms int64, bad string, err error) {
	c := &d.c
	switch ch := c.peek(); {
	case ch == '"':
		s, err := c.str()
		if err != nil {
			return 0, "", err
		}
		ms, ok := parseTime(s)
		if !ok {
			return 0, wantTime, nil
		}
		return ms, "", nil
	case ch == '-' || ch-'0' <= 9:
		i, f, whole, err := c.number()
		if err != nil {
			return 0, "", err
		}
		if whole {
			return i, "", nil
		}
		// Year 9999 in microseconds is below this.
		if math.Abs(f) > 1e18 {
			return 0, wantTime, nil
		}
		return int64(math.Floor(f)), "", nil
	case ch == 'n':
		return 0, absentTime, c.literal("null")
	}
	return 0, wantTime, c.skip()
}

// parseTime reads RFC 3339, epoch ms: 2006-01-02T15:04:05[.999…](Z|±hh:mm).
func parseTime(s string) (int64, bool) {
	if len(s) < 20 || len(s) > 40 || s[4] != '-' || s[7] != '-' || s[10]|0x20 != 't' && s[10] != ' ' || s[13] != ':' || s[16] != ':' {
		return 0, false
	}
	year, ok1 := digits(s[0:4])
	month, ok2 := digits(s[5:7])
	day, ok3 := digits(s[8:10])
	hour, ok4 := digits(s[11:13])
	minute, ok5 := digits(s[14:16])
	second, ok6 := digits(s[17:19])
	if !(ok1 && ok2 && ok3 && ok4 && ok5 && ok6) || month < 1 || month > 12 || day < 1 || day > daysIn(year, month) ||
		hour > 23 || minute > 59 || second > 60 {
		return 0, false
	}
	ms := (daysSince1970(year, month, day)*86400 + hour*3600 + minute*60 + second) * 1000
	rest := s[19:]
	if rest[0] == '.' {
		i, scale := 1, int64(100)
		for ; i < len(rest) && rest[i]-'0' <= 9; i++ {
			ms += int64(rest[i]-'0') * scale
			scale /= 10
		}
		if i == 1 {
			return 0, false
		}
		rest = rest[i:]
	}
	if len(rest) == 1 && rest[0]|0x20 == 'z' {
		return ms, true
	}
	if len(rest) != 6 || rest[3] != ':' || rest[0] != '+' && rest[0] != '-' {
		return 0, false
	}
	oh, ok7 := digits(rest[1:3])
	om, ok8 := digits(rest[4:6])
	if !ok7 || !ok8 || oh > 23 || om > 59 {
		return 0, false
	}
	offset := (oh*60 + om) * 60_000
	if rest[0] == '-' {
		offset = -offset
	}
	return ms - offset, true
}

func digits(s string) (int64, bool) {
	var n int64
	for i := range len(s) {
		if s[i]-'0' > 9 {
			return 0, false
		}
		n = n*10 + int64(s[i]-'0')
	}
	return n, true
}

func daysIn(year, month int64) int64 {
	switch month {
	case 4, 6, 9, 11:
		return 30
	case 2:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	}
	return 31
}

// daysSince1970 counts days of the Gregorian calendar, with the year beginning
// in March so that the leap day is its last (Howard Hinnant, "chrono-Compatible
// Low-Level Date Algorithms").
func daysSince1970(year, month, day int64) int64 {
	if month <= 2 {
		year--
		month += 12
	}
	era := year / 400
	ofEra := year - era*400
	ofYear := (153*(month-3)+2)/5 + day - 1
	return era*146097 + ofEra*365 + ofEra/4 - ofEra/100 + ofYear - 719468
}
