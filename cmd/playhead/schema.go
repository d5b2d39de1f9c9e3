package main

import (
	"fmt"

	"playhead/internal/event"
	"playhead/internal/fact"
)

type schemaCmd struct {
	Topic string `arg:"" name:"TOPIC" help:"events or facts." enum:"events,facts"`
}

func (schemaCmd) Help() string {
	return `Records begin with what names the schema: C3 01 and its fingerprint, 10 bytes (Avro's single-object encoding), or, where kafka-registry names a registry, 00 and the schema's number there, 5 bytes (Confluent's wire format).

Example:
  playhead schema events > events.avsc`
}

// Run prints the schema.
func (c *schemaCmd) Run() error {
	if c.Topic == "facts" {
		fmt.Print(fact.Schema)
		return nil
	}
	fmt.Print(event.Schema)
	return nil
}
