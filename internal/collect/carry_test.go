package collect

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"playhead/internal/event"
)

// whole has every field of the format; %s is its type.
const whole = `{"type":%q,"time":1795409999000,"sent_at":1795410000000,"id":"i","viewer_id":"viewer-1","session_id":"s","play_id":"p","seq":3,` +
	`"title_id":"t","position_ms":4000,"duration_ms":90000,"from_ms":1000,"live":true,"rate":1.5,"creative_id":"c","placement":"row","rank":2,` +
	`"impression_id":"im","propensity":0.25,"search_id":"se","context":{"country":"DE","region":"BE","city":"Berlin","device_type":"toaster","os":"o",` +
	`"os_version":"1","browser":"b","browser_version":"2","app_version":"3","player":"pl","cdn":"cd","isp":"is","connection":"wifi","timezone":"UTC"},` +
	`"quality":{"bitrate_kbps":2500,"dropped_frames":7,"startup_ms":840,"error_code":"E1","error_class":"business","error_fatal":true},` +
	`"search":{"query":"little women","results":12},"experiments":{"x":"y"},"traits":{"plan":"gold"},"properties":{"n":1}}`

// Of every type, all that an event can hold reaches the log, however it is sent:
// no decoder, step or codec leaves a field behind.
func TestEverythingIsCarriedIntoTheLog(t *testing.T) {
	for kind := event.Impression; kind < event.SeekStarted; kind++ {
		body := fmt.Sprintf(whole, kind.String())
		r := newRig(t)
		if got := r.post(body); got.Accepted != 1 {
			t.Fatalf("%s: %s", kind, got.text)
		}
		if got := r.postTo("/v1/events", strings.NewReader(`{"specversion":"1.0","id":"1","source":"/x","type":"x.`+kind.String()+`","data":`+body+`}`),
			"Content-Type", "application/cloudevents+json"); got.Accepted != 1 {
			t.Fatalf("%s: %s", kind, got.text)
		}
		events := r.log.events(t)
		for _, e := range events {
			e.ReceivedAt, e.Import, e.Reach = 1, true, 1 // the log's, an import's and a settle's to set
			if e.Format == event.FormatNative {
				e.Format = event.FormatCMCD // its number is 0
			}
			eachField(reflect.ValueOf(e), "event", func(name string, v reflect.Value) {
				if v.IsZero() || v.Kind() == reflect.Int64 && v.Int() == event.Absent {
					t.Errorf("%s as %s: %s is left behind", kind, e.Format, name)
				}
			})
		}
		a, b := events[0], events[1]
		if a.Format, b.Format = 0, 0; !reflect.DeepEqual(a, b) {
			t.Errorf("%s: native and CloudEvents differ:\n%+v\n%+v", kind, a, b)
		}
	}
}

func eachField(v reflect.Value, name string, fn func(string, reflect.Value)) {
	if v.Kind() != reflect.Struct {
		fn(name, v)
		return
	}
	for i := range v.NumField() {
		eachField(v.Field(i), name+"."+v.Type().Field(i).Name, fn)
	}
}
