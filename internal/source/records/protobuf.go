package records

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/bufbuild/protocompile"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/dynamicpb"
)

// protobufKind is what registries call it.
const protobufKind = "PROTOBUF"

// NewProtobuf reads Protobuf whose schema's number stands in front, and behind it
// which of the schema's messages it is.
func NewProtobuf(schemas Schemas) Decoder {
	return &protobufDecoder{plans: newPlans(schemas, protobufKind, compileSchema)}
}

// NewProtobufOf reads one message; framed says that the number of a schema and
// the place of the message stand in front all the same. schema is the text of a
// .proto file, or a file descriptor set as protoc --descriptor_set_out
// --include_imports writes it. message may be "" when there is only one. Errors: a
// schema that cannot be used, or has no such message.
func NewProtobufOf(ctx context.Context, schema []byte, message string, framed bool) (Decoder, error) {
	messages, err := readMessages(ctx, schema)
	if err != nil {
		return nil, err
	}
	names := slices.Sorted(maps.Keys(messages))
	if message == "" && len(names) == 1 {
		message = names[0]
	}
	only := messages[message]
	switch {
	case message == "":
		return nil, fmt.Errorf("name the message: the schema has %s", strings.Join(names, ", "))
	case only == nil:
		return nil, fmt.Errorf("the schema has no message %s; it has %s", message, strings.Join(names, ", "))
	}
	return &protobufDecoder{only: only, framed: framed}, nil
}

// readMessages finds the messages of a schema by their full names.
func readMessages(ctx context.Context, schema []byte) (map[string]protoreflect.MessageDescriptor, error) {
	out := map[string]protoreflect.MessageDescriptor{}
	var set descriptorpb.FileDescriptorSet
	if proto.Unmarshal(schema, &set) == nil && len(set.GetFile()) > 0 {
		files, err := protodesc.NewFiles(&set)
		if err != nil {
			return nil, fmt.Errorf("read the file descriptor set: %w; write it with --include_imports", err)
		}
		files.RangeFiles(func(f protoreflect.FileDescriptor) bool {
			if !strings.HasPrefix(f.Path(), "google/protobuf/") {
				collectMessages(out, f.Messages())
			}
			return true
		})
		return out, nil
	}
	f, err := compileSchema(ctx, &Schema{Text: string(schema)})
	if err != nil {
		return nil, err
	}
	collectMessages(out, f.Messages())
	return out, nil
}

func collectMessages(into map[string]protoreflect.MessageDescriptor, list protoreflect.MessageDescriptors) {
	for i := range list.Len() {
		m := list.Get(i)
		if !m.IsMapEntry() {
			into[string(m.FullName())] = m
			collectMessages(into, m.Messages())
		}
	}
}

// mainFile is the name under which a schema is compiled, which has none.
const mainFile = "playhead-record.proto"

// compileSchema compiles the text of a schema with what it imports.
func compileSchema(ctx context.Context, s *Schema) (protoreflect.FileDescriptor, error) {
	sources := map[string]string{mainFile: s.Text, "confluent/meta.proto": confluentMeta}
	for _, r := range s.Referred {
		sources[r.Name] = r.Text
	}
	compiler := protocompile.Compiler{
		MaxParallelism: 1,
		Resolver: protocompile.WithStandardImports(&protocompile.SourceResolver{Accessor: func(path string) (io.ReadCloser, error) {
			text, ok := sources[path]
			if !ok {
				return nil, os.ErrNotExist
			}
			return io.NopCloser(strings.NewReader(text)), nil
		}}),
	}
	files, err := compiler.Compile(ctx, mainFile)
	if err != nil {
		return nil, fmt.Errorf("compile the Protobuf schema: %w", err)
	}
	return files[0], nil
}

// confluentMeta are the options that Confluent's serialisers let schemas bear;
// schemas import them without referring to them.
const confluentMeta = `syntax = "proto3";
package confluent;
import "google/protobuf/descriptor.proto";
message Meta { string doc = 1; map<string, string> params = 2; repeated string tags = 3; }
extend google.protobuf.FileOptions { Meta file_meta = 1088; }
extend google.protobuf.MessageOptions { Meta message_meta = 1088; }
extend google.protobuf.FieldOptions { Meta field_meta = 1088; }
extend google.protobuf.EnumOptions { Meta enum_meta = 1088; }
extend google.protobuf.EnumValueOptions { Meta enum_value_meta = 1088; }
`

type protobufDecoder struct {
	plans  plans[protoreflect.FileDescriptor]
	only   protoreflect.MessageDescriptor // nil where the registry is asked
	framed bool
	w      protoWriter
}

// JSON reads the value by its writer's schema.
func (d *protobufDecoder) JSON(ctx context.Context, value []byte) ([]byte, error) {
	desc := d.only
	if desc == nil || d.framed {
		id, rest, err := head(value)
		if err != nil {
			return nil, err
		}
		path, rest, err := messagePath(rest)
		if err != nil {
			return nil, &Error{CodeMalformed, err.Error()}
		}
		value = rest
		if desc == nil {
			file, err := d.plans.of(ctx, id)
			if err != nil {
				return nil, err
			}
			if desc = messageAt(file, path); desc == nil {
				return nil, &Error{CodeMalformed, fmt.Sprintf("schema %d has no message at %v", id, path)}
			}
		}
	}
	m := dynamicpb.NewMessage(desc)
	options := proto.UnmarshalOptions{DiscardUnknown: true, AllowPartial: true, RecursionLimit: maxDepth, Resolver: (*protoregistry.Types)(nil)}
	if err := options.Unmarshal(value, m); err != nil {
		return nil, &Error{CodeMalformed, "the value is not Protobuf of its schema, or is nested too deeply"}
	}
	d.w.out = d.w.out[:0]
	if err := d.w.message(m, 0); err != nil {
		return nil, &Error{CodeMalformed, err.Error()}
	}
	return d.w.out, nil
}

// maxPath bounds the nesting of a message's declaration.
const maxPath = 16

var errPath = errors.New("which message it is cannot be read behind the number of the schema")

// messagePath reads which message of a schema it is: how many steps, then the
// place of the message at each, all as zigzag varints. No steps mean the first.
func messagePath(b []byte) (path []int, rest []byte, err error) {
	n, size := binary.Varint(b)
	if size <= 0 || n < 0 || n > maxPath {
		return nil, nil, errPath
	}
	b = b[size:]
	if n == 0 {
		return []int{0}, b, nil
	}
	for range n {
		step, size := binary.Varint(b)
		if size <= 0 || step < 0 || step > 1<<16 {
			return nil, nil, errPath
		}
		path, b = append(path, int(step)), b[size:]
	}
	return path, b, nil
}

// messageAt is the message at a path, or nil. The entries of maps, which are
// messages to Protobuf, are not in a schema's text, and so not counted.
func messageAt(f protoreflect.FileDescriptor, path []int) protoreflect.MessageDescriptor {
	list := f.Messages()
	var m protoreflect.MessageDescriptor
	for _, step := range path {
		m = nil
		for i := 0; i < list.Len() && m == nil; i++ {
			switch {
			case list.Get(i).IsMapEntry():
			case step > 0:
				step--
			default:
				m = list.Get(i)
			}
		}
		if m == nil {
			return nil
		}
		list = m.Messages()
	}
	return m
}
