package event

import (
	"hash/maphash"
	"testing"
)

func TestSaid(t *testing.T) {
	seed := maphash.MakeSeed()
	hash := func(form func([]byte, *Event) []byte, change func(*Event)) uint64 {
		t.Helper()
		var e, got Event
		e.Reset()
		e.Type, e.Time, e.TitleID, e.Context = Heartbeat, 1_763_870_400_000, "title", Context{Country: "US", DeviceType: "tv", CDN: "alpha", ISP: "cable"}
		change(&e)
		var said Said
		if _, err := DecodeSaid(form(nil, &e), &got, &said); err != nil {
			t.Fatal(err)
		}
		return said.Hash(seed)
	}
	was := hash(AppendRecord, func(*Event) {})
	for _, same := range []func(*Event){
		func(e *Event) { e.Time, e.Seq, e.PositionMS = e.Time+10_000, 7, 20_000 },
		func(e *Event) { e.Type, e.Known, e.Quality.BitrateKbps = Paused, true, 800 },
		func(e *Event) { e.Context.Connection, e.Context.OSVersion, e.Properties = "wifi", "17", []byte("{}") },
	} {
		if hash(AppendRecord, same) != was {
			t.Error("what is no text of the title to the ISP makes another hash")
		}
	}
	for i, other := range []func(*Event){
		func(e *Event) { e.TitleID = "" },
		func(e *Event) { e.TitleID = "other" },
		func(e *Event) { e.Live = true },
		func(e *Event) { e.Context.Country, e.Context.Region = "", "US" },
		func(e *Event) { e.Context.ISP = "cables" },
		func(e *Event) { e.Context.CDN, e.Context.Player = "", "alpha" },
		func(e *Event) { *e = Event{Type: Heartbeat} },
	} {
		if hash(AppendRecord, other) == was {
			t.Errorf("%d: another text makes the same hash", i)
		}
	}
	var none Said
	if none.Hash(seed) != 0 {
		t.Error("nothing known has a hash")
	}
	short := hash(AppendRecord, func(e *Event) { e.Context = Context{} })
	if short == 0 || short == was {
		t.Error("a record that ends with its title has no hash of its own")
	}
}
