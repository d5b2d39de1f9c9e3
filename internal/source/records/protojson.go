package records

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"math"
	"slices"
	"strconv"

	"google.golang.org/protobuf/reflect/protoreflect"
)

// maxDepth bounds the nesting of values, maxText their text.
const (
	maxDepth = 32
	maxText  = 1 << 20
)

var (
	errDeep = errors.New("the value is nested too deeply")
	errLong = errors.New("the value is longer than 1 MiB as JSON")
)

// protoWriter writes messages as JSON. It differs from Protobuf's own JSON in what
// a mapping would stumble over: fields have the names of the .proto file, 64-bit
// numbers are numbers, and times (google.protobuf.Timestamp, Duration) are
// milliseconds. As there, a field that was not set is left out, and so is one
// without presence whose value is zero: on the wire they are the same.
type protoWriter struct{ out []byte }

func (w *protoWriter) message(m protoreflect.Message, depth int) error {
	if depth > maxDepth {
		return errDeep
	}
	if len(w.out) > maxText {
		return errLong
	}
	if done, err := w.wellKnown(m, depth); done {
		return err
	}
	w.out = append(w.out, '{')
	first := true
	fields := m.Descriptor().Fields()
	for i := range fields.Len() {
		f := fields.Get(i)
		if !m.Has(f) {
			continue
		}
		if !first {
			w.out = append(w.out, ',')
		}
		first = false
		w.text(string(f.Name()))
		w.out = append(w.out, ':')
		if err := w.field(f, m.Get(f), depth); err != nil {
			return err
		}
	}
	w.out = append(w.out, '}')
	return nil
}

// wellKnown writes messages that mean a value.
func (w *protoWriter) wellKnown(m protoreflect.Message, depth int) (done bool, err error) {
	d := m.Descriptor()
	if d.FullName().Parent() != "google.protobuf" {
		return false, nil
	}
	get := func(name protoreflect.Name) (protoreflect.FieldDescriptor, protoreflect.Value) {
		f := d.Fields().ByName(name)
		return f, m.Get(f)
	}
	switch d.Name() {
	case "Timestamp", "Duration":
		_, seconds := get("seconds")
		_, nanos := get("nanos")
		if s := seconds.Int(); s > math.MaxInt64/2000 || s < math.MinInt64/2000 {
			return true, errors.New("a time that cannot be")
		}
		w.out = strconv.AppendInt(w.out, seconds.Int()*1000+nanos.Int()/1_000_000, 10)
	case "BoolValue", "BytesValue", "DoubleValue", "FloatValue", "Int32Value", "Int64Value", "StringValue", "UInt32Value", "UInt64Value":
		f, v := get("value")
		return true, w.single(f, v, depth)
	case "Struct":
		f, v := get("fields")
		return true, w.field(f, v, depth)
	case "ListValue":
		f, v := get("values")
		return true, w.field(f, v, depth)
	case "Value":
		f := m.WhichOneof(d.Oneofs().Get(0))
		if f == nil || f.Name() == "null_value" {
			w.out = append(w.out, "null"...)
			return true, nil
		}
		return true, w.single(f, m.Get(f), depth)
	default:
		return false, nil
	}
	return true, nil
}

func (w *protoWriter) field(f protoreflect.FieldDescriptor, v protoreflect.Value, depth int) error {
	switch {
	case f.IsMap():
		return w.pairs(f, v.Map(), depth)
	case f.IsList():
		list := v.List()
		w.out = append(w.out, '[')
		for i := range list.Len() {
			if i > 0 {
				w.out = append(w.out, ',')
			}
			if err := w.single(f, list.Get(i), depth); err != nil {
				return err
			}
		}
		w.out = append(w.out, ']')
		return nil
	}
	return w.single(f, v, depth)
}

// pairs writes a map in the order of its keys, so that a record is one text
// however often it is read.
func (w *protoWriter) pairs(f protoreflect.FieldDescriptor, m protoreflect.Map, depth int) error {
	var keys []protoreflect.MapKey
	m.Range(func(k protoreflect.MapKey, _ protoreflect.Value) bool {
		keys = append(keys, k)
		return true
	})
	slices.SortFunc(keys, func(a, b protoreflect.MapKey) int {
		switch x, y := a.String(), b.String(); {
		case x < y:
			return -1
		case x > y:
			return 1
		}
		return 0
	})
	w.out = append(w.out, '{')
	for i, k := range keys {
		if i > 0 {
			w.out = append(w.out, ',')
		}
		w.text(k.String())
		w.out = append(w.out, ':')
		if err := w.single(f.MapValue(), m.Get(k), depth); err != nil {
			return err
		}
	}
	w.out = append(w.out, '}')
	return nil
}

func (w *protoWriter) single(f protoreflect.FieldDescriptor, v protoreflect.Value, depth int) error {
	switch f.Kind() {
	case protoreflect.BoolKind:
		w.out = strconv.AppendBool(w.out, v.Bool())
	case protoreflect.EnumKind:
		if e := f.Enum().Values().ByNumber(v.Enum()); e != nil {
			w.text(string(e.Name()))
		} else {
			w.out = strconv.AppendInt(w.out, int64(v.Enum()), 10)
		}
	case protoreflect.StringKind:
		w.text(v.String())
	case protoreflect.BytesKind:
		w.text(base64.StdEncoding.EncodeToString(v.Bytes()))
	case protoreflect.FloatKind:
		w.float(v.Float(), 32)
	case protoreflect.DoubleKind:
		w.float(v.Float(), 64)
	case protoreflect.Uint32Kind, protoreflect.Uint64Kind, protoreflect.Fixed32Kind, protoreflect.Fixed64Kind:
		w.out = strconv.AppendUint(w.out, v.Uint(), 10)
	case protoreflect.MessageKind, protoreflect.GroupKind:
		return w.message(v.Message(), depth+1)
	default:
		w.out = strconv.AppendInt(w.out, v.Int(), 10)
	}
	if len(w.out) > maxText {
		return errLong
	}
	return nil
}

// float writes what JSON can hold; what it cannot is nothing.
func (w *protoWriter) float(f float64, bits int) {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		w.out = append(w.out, "null"...)
		return
	}
	w.out = strconv.AppendFloat(w.out, f, 'g', -1, bits)
}

func (w *protoWriter) text(s string) {
	text, err := json.Marshal(s)
	if err != nil {
		text = []byte(`""`) // a string always marshals
	}
	w.out = append(w.out, text...)
}
