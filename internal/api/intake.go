package api

import (
	"net/http"

	"github.com/danielgtaylor/huma/v2"
)

// whoWrites says who may call the intake.
const whoWrites = "Who may call it: players, apps and servers with a write key, in `Authorization: Bearer`, `X-Playhead-Key` or `?k=`, " +
	"from the browser origins that the key allows."

// door is an endpoint of the intake. The collector serves it; here it is only
// described, beside what answers.
type door struct {
	id, path, summary, description string
	// types are the content types of the body, none for no body.
	types []string
	// answer is the status of what was taken.
	answer string
}

func doors() []door {
	const segment = "The answer is {success, accepted, duplicate, rejected}. The key may also stand in the body (writeKey) or be the user of Basic. "
	return []door{
		{"send-events", "/v1/events", "Send native events, as JSON, Avro or in CloudEvents",
			"One object, an array, lines, or {sent_at, events}; Content-Encoding gzip or zstd. Fields: /schema/event.schema.json and /schema/event.avsc. " +
				"The answer is {accepted, duplicate, rejected: [{index, field, code, reason}]}, after what was accepted is durable; a bad event spoils no other. ",
			[]string{"application/json", "application/x-ndjson", "avro/binary", "application/cloudevents+json", "application/cloudevents-batch+json"}, "200"},
		{"send-cmcd", "/cmcd", "Send CMCD v2 reports (event mode)", "One report a line. The viewer may be in the URL (v). ", []string{"application/cmcd", "text/plain"}, "204"},
		{"send-epas", "/epas", "Send an event of Eyevinn's player analytics (EPAS 0.2)", "The viewer (v), the title and the unit (s or ms) may be in the URL. ",
			[]string{"application/json"}, "200"},
		{"send-segment-batch", "/v1/batch", "Send a batch to Segment's HTTP API", segment, []string{"application/json", "text/plain"}, "200"},
		{"send-segment-track", "/v1/track", "Send a track to Segment's HTTP API",
			segment + "identify, page, screen, group and alias are served in the same way, and so are the short forms b, t, i, p, s, g and a. ",
			[]string{"application/json", "text/plain"}, "200"},
		{"import", "/v1/import", "Load history, each record of a file once",
			"Native events of any age, by lines. Query: id (the file's hash), records (their numbers in it, such as 1-500,502-1000); complete=1 without a body when all was sent. ",
			[]string{"application/x-ndjson"}, "200"},
		{"settle", "/v1/settle", "Close what was sent with the key, as silence would", "For importers and tests. ", nil, "200"},
	}
}

// describeIntake adds the intake to the OpenAPI document.
func (s *server) describeIntake() {
	doc := s.api.OpenAPI()
	doc.Components.SecuritySchemes["write_key"] = &huma.SecurityScheme{
		Type: "http", Scheme: "bearer", Description: "A write key: playhead keys create --write",
	}
	problem := &huma.Response{Description: "Problem details (RFC 9457)", Content: map[string]*huma.MediaType{"application/problem+json": {}}}
	for _, d := range doors() {
		op := &huma.Operation{
			OperationID: d.id, Method: http.MethodPost, Path: d.path, Summary: d.summary, Description: d.description + whoWrites, Tags: []string{"intake"},
			Security: []map[string][]string{{"write_key": {}}},
			Responses: map[string]*huma.Response{
				d.answer: {Description: "Taken, and durable"}, "400": problem, "401": problem, "403": problem, "413": problem, "415": problem, "429": problem, "503": problem,
			},
		}
		if len(d.types) > 0 {
			op.RequestBody = &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{}}
			for _, kind := range d.types {
				op.RequestBody.Content[kind] = &huma.MediaType{}
			}
		}
		doc.AddOperation(op)
	}
	s.describe("tracker", "/playhead.js", "The browser tracker", whoAnyone, nil)
	s.describe("schema-json", "/schema/event.schema.json", "The native event as JSON Schema", whoAnyone, nil)
	s.describe("schema-avro", "/schema/event.avsc", "The native event as an Avro schema", whoAnyone, nil)
}
