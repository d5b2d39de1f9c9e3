"""Reads with fastavro what Playhead's codecs write into the topics "events" and "facts": the golden records of their tests, by
the schemas that are published. Every byte has to be of the schema, and the values those that went in.

    readers.py ROOT
"""

import datetime
import io
import json
import pathlib
import struct
import sys

import fastavro

root = pathlib.Path(sys.argv[1])
golden_number = 7  # of the registry, in the golden records


def records(package, schema_file, golden):
    raw = json.loads((root / "internal" / package / schema_file).read_text())
    canonical = fastavro.schema.to_parsing_canonical_form(raw)
    fingerprint = bytes.fromhex(fastavro.schema.fingerprint(canonical, "CRC-64-AVRO"))
    heads = {0xC3: b"\xc3\x01" + fingerprint, 0x00: struct.pack(">BI", 0, golden_number)}
    schema = fastavro.parse_schema(raw)
    for line in (root / "internal" / package / "testdata" / golden).read_text().split():
        value = bytes.fromhex(line)
        head = heads[value[0]]
        assert value.startswith(head), f"a record begins with {value[:10].hex()}, not with {head.hex()}"
        body = io.BytesIO(value[len(head):])
        record = fastavro.schemaless_reader(body, schema)
        assert not body.read(), "more follows a record"
        yield value[0], record


def ms(t):
    return round((t - datetime.datetime.fromtimestamp(0, datetime.timezone.utc)).total_seconds() * 1000)


def expect(what, got, want):
    assert got == want, f"{what}: fastavro reads {got!r}, it is {want!r}"


events = list(records("event", "events.avsc", "records.avro1.hex"))
expect("kinds", [e["kind"] for _, e in events], ["event", "event", "tick", "settle", "control"] * 2)
expect("heads", [h for h, _ in events], [0xC3] * 5 + [0x00] * 5)
for _, beat in (events[0], events[5]):
    expect("type", beat["type"], "heartbeat")
    expect("time", ms(beat["time"]), 1_763_870_400_123)
    expect("viewer", beat["viewer"], bytes(range(1, 17)))
    expect("seq", (beat["seq"], beat["position_ms"], beat["duration_ms"], beat["from_ms"]), (17, 510_000, 5_400_000, None))
    expect("title", (beat["title_id"], beat["country"], beat["city"], beat["cdn"]), ("title-0042", "US", None, "alpha"))
    expect("quality", (beat["bitrate_kbps"], beat["dropped_frames"], beat["startup_ms"], beat["rate"]), (4_500, 2, None, None))
for _, full in (events[1], events[6]):
    expect("type", (full["type"], full["format"], full["imported"], full["live"]), ("search", "cmcd", True, True))
    expect("maps", (full["experiments"], full["traits"]), ({"a": "1", "b": "2"}, {"plan": "family"}))
    expect("absent", [name for name, v in full.items() if v is None], ["control"])
for _, settle in (events[3], events[8]):
    expect("settle", (settle["key_id"], settle["reach"], settle["time"]), (300, 5, None))
for _, control in (events[4], events[9]):
    expect("control", control["control"], b"\x00\x01")

(_, new), (_, old) = records("fact", "facts.avsc", "batch.avro1.hex")
for b in (new, old):
    expect("batch", (b["partition"], b["input_end"], b["counts"]["events"]), (3, 1_234, 40))
    expect("dims", [d["title"] + d["cdn"] for d in b["dims"]], ["title-1alpha", "title-1beta"])
    expect("spans", [(s["kind"], s["n"], s["dims"], ms(s["to"]) - ms(s["from"])) for s in b["spans"]], [("playing", 1, 0, 30_000), ("active_viewer", -1, 1, 60_005)])
    expect("marks", [(m["kind"], m["n"], m["value"]) for m in b["marks"]][:3], [("request", 1, 0), ("first_frame", 1, 800), ("playback_failure", -1, 0)])
    expect("play", [b["plays"][0][k] for k in ("n", "reason", "error_code", "media_ms", "stalls", "completed")], [-1, "failure", "E-1", 87_000, 2, True])
    expect("cover", [(c["from"], c["to"], c["n"]) for c in b["plays"][0]["cover"]], [(0, 40_000, 1), (45_000, 88_000, 2)])
expect("slots", new["slots"], [{"creative": "picture-1", "placement": "home", "experiments": "row=b", "rank": 4}])
expect("exposures", [(e["kind"], e["propensity"], e["media_ms"]) for e in new["exposures"]], [("shown", 0.25, 0), ("taken", None, 121_000)])
expect("searches", [(s["query"], s["results"], s["selected"]) for s in new["searches"]], [("the sea", -1, True)])
expect("repeats", (new["repeats"], old["repeats"]), ([1_200, 1_233], []))
print(f"fastavro {fastavro.__version__} reads {len(events)} records of events and 2 of facts")
