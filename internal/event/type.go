package event

// Type is what happened.
type Type uint8

// The event types of the native format, in the order of the design. The
// numbers are stored in the log: append only.
const (
	TypeUnknown Type = iota
	Impression
	Select
	PlayRequested
	PlayStarted
	Heartbeat
	Paused
	Resumed
	Seeked
	StallStarted
	StallEnded
	QualityChanged
	AdStarted
	AdEnded
	Error
	PlayEnded
	Search
	Rated
	Listed
	Identified
	Exposed
	// SeekStarted is not a native type: CMCD reports that a seek begins
	// (sta=k) and the state after it says when it ended.
	SeekStarted
	// Tracked is not a native type either: an event of an app that is about no
	// play, such as a page or a purchase that Segment's clients send. It is kept
	// in the lake and shown in the debugger; no figure counts it.
	Tracked
	typeCount
)

var typeNames = [typeCount]string{
	"unknown", "impression", "select", "play_requested", "play_started", "heartbeat",
	"paused", "resumed", "seeked", "stall_started", "stall_ended", "quality_changed",
	"ad_started", "ad_ended", "error", "play_ended", "search", "rated", "listed",
	"identified", "exposed", "seek_started", "tracked",
}

// String is the type's name as clients write it.
func (t Type) String() string {
	if t < typeCount {
		return typeNames[t]
	}
	return "unknown"
}

// ParseType returns the type that clients write as name, or TypeUnknown. The
// types of other formats cannot be written natively.
func ParseType(name string) Type {
	switch name {
	case "impression":
		return Impression
	case "select":
		return Select
	case "play_requested":
		return PlayRequested
	case "play_started":
		return PlayStarted
	case "heartbeat":
		return Heartbeat
	case "paused":
		return Paused
	case "resumed":
		return Resumed
	case "seeked":
		return Seeked
	case "stall_started":
		return StallStarted
	case "stall_ended":
		return StallEnded
	case "quality_changed":
		return QualityChanged
	case "ad_started":
		return AdStarted
	case "ad_ended":
		return AdEnded
	case "error":
		return Error
	case "play_ended":
		return PlayEnded
	case "search":
		return Search
	case "rated":
		return Rated
	case "listed":
		return Listed
	case "identified":
		return Identified
	case "exposed":
		return Exposed
	}
	return TypeUnknown
}

// OfPlay reports whether events of this type belong to a play and therefore
// need a play id.
func (t Type) OfPlay() bool {
	return t >= PlayRequested && t <= PlayEnded || t == SeekStarted
}

// Format is the wire format an event arrived in.
type Format uint8

// Formats. The numbers are stored in the log: append only.
const (
	FormatNative Format = iota
	FormatCMCD
	FormatSegment
	FormatEPAS
	FormatCloudEvents
	FormatAvro
	FormatKafka
	formatCount
)

var formatNames = [formatCount]string{"native", "cmcd", "segment", "epas", "cloudevents", "avro", "kafka"}

// String is the format's name in metrics, the debugger and the lake.
func (f Format) String() string {
	if f < formatCount {
		return formatNames[f]
	}
	return "unknown"
}

// TypeNamed is the type with that name, those of other formats too, or
// TypeUnknown: it reads what String wrote.
func TypeNamed(name string) Type {
	for t := TypeUnknown; t < typeCount; t++ {
		if typeNames[t] == name {
			return t
		}
	}
	return TypeUnknown
}

// FormatNamed is the format with that name; an unknown one reads as native.
func FormatNamed(name string) Format {
	for f := FormatNative; f < formatCount; f++ {
		if formatNames[f] == name {
			return f
		}
	}
	return FormatNative
}
