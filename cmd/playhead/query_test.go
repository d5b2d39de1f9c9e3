package main

import (
	"bytes"
	"testing"
)

func TestAnswerAsTable(t *testing.T) {
	var out bytes.Buffer
	err := writeTable(&out, []byte(`{"columns":[{"name":"title"},{"name":"plays"}],"rows":[["dune",12],["arrival",null]],"totals":[[null,13]],
		"meta":{"from":"a","to":"b","warnings":["Mind this."]}}`))
	const want = "title    plays\ndune     12\narrival  –\n–        13\n\na to b\nMind this.\n"
	if err != nil || out.String() != want {
		t.Errorf("%v\n%q\nwant\n%q", err, out.String(), want)
	}
}
