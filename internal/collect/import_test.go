package collect

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"testing"
)

func TestImport(t *testing.T) {
	r := newRig(t)
	const year = 365 * 24 * 3_600_000
	line := func(play string, at int64) string {
		return fmt.Sprintf(`{"id":"same","type":"play_started","time":%d,"sent_at":%d,"viewer_id":"anna","play_id":"%s"}`, at, at+9, play)
	}
	body := strings.Join([]string{line("a", now-year), `{"type":"dance"}`, line("b", now-year+1)}, "\n")
	const path = "/v1/import?k=phw_test&id=00112233445566778899aabbccddeeff"
	got := r.postTo(path+"&records=7,9-10", strings.NewReader(body))
	if got.status != 200 || !strings.Contains(got.text, `"accepted":2`) || !strings.Contains(got.text, `"rejected":[{"index":1`) {
		t.Fatalf("%d %s", got.status, got.text)
	}
	events := r.log.events(t)
	for i, ordinal := range []uint64{7, 10} {
		e := events[i]
		if !e.Import || e.KeyID < 1<<31 || e.KeyID != events[0].KeyID || binary.BigEndian.Uint64(e.ID[8:]) != ordinal || e.Time != now-year+int64(i) ||
			e.Context.DeviceType != "" {
			t.Errorf("%d: %+v", i, e)
		}
	}
	if got := r.postTo(path+"&complete=1", nil); got.status != 200 || !strings.Contains(got.text, "settled") {
		t.Errorf("%d %s", got.status, got.text)
	}
	for _, bad := range []string{"", "&records=1", "&records=1-4", "&records=3,2,1", "&records=0-2", "&records=1-x", "&records=1-2,2-3", "&records=1-99999999999"} {
		if got := r.postTo(path+bad, strings.NewReader(body)); got.status != 400 {
			t.Errorf("%s: %d %s", bad, got.status, got.text)
		}
	}
	for _, id := range []string{"", "12", "00112233445566778899aabbccddeefg"} {
		if got := r.postTo("/v1/import?k=phw_test&records=1-3&id="+id, strings.NewReader(body)); got.status != 400 {
			t.Errorf("%s: %d", id, got.status)
		}
	}
	behind := newRig(t, func(c *Config) { c.Behind = func() bool { return true } })
	if got := behind.postTo(path+"&records=1-3", strings.NewReader(body)); got.status != 429 || got.header.Get("Retry-After") == "" {
		t.Errorf("behind: %d", got.status)
	}
}

func TestParseRecords(t *testing.T) {
	if got, ok := parseRecords("1-3,5,7-8", 6); !ok || !slices.Equal(got, []uint64{1, 2, 3, 5, 7, 8}) {
		t.Errorf("%v", got)
	}
	if _, ok := parseRecords("1-3,5,7-8", 5); ok {
		t.Error("more than the limit")
	}
}
