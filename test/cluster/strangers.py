"""Reads the topics "events" and "facts" as somebody would who knows nothing of Playhead but its schemas, and compares what
they add up to with the truth of the audience that was sent.

    strangers.py BROKERS PREFIX TRUTH EVENTS.AVSC FACTS.AVSC [REGISTRY USER:PASSWORD]
"""

import io
import json
import struct
import sys

import fastavro
from confluent_kafka import Consumer, TopicPartition
from confluent_kafka.schema_registry import SchemaRegistryClient
from confluent_kafka.schema_registry.avro import AvroDeserializer
from confluent_kafka.serialization import MessageField, SerializationContext

brokers, prefix, truth_file, events_file, facts_file, *registry = sys.argv[1:]


def values(topic, decode):
    consumer = Consumer({
        "bootstrap.servers": brokers, "group.id": "strangers", "enable.auto.commit": False, "isolation.level": "read_committed",
        "enable.partition.eof": True, "fetch.message.max.bytes": 20_000_000,
    })
    partitions = consumer.list_topics(topic, timeout=60).topics[topic].partitions
    consumer.assign([TopicPartition(topic, p, 0) for p in partitions])
    left = len(partitions)
    while left:
        message = consumer.poll(60)
        if message is None:
            sys.exit(f"{topic}: nothing comes")
        if message.error():
            left -= 1  # the end of a partition
            continue
        yield decode(message.value(), SerializationContext(topic, MessageField.VALUE))
    consumer.close()


def by_registry():
    client = SchemaRegistryClient({"url": registry[0], "basic.auth.user.info": registry[1]})
    return AvroDeserializer(client)


def by_schema(path):
    with open(path) as f:
        raw = json.load(f)
    canonical = fastavro.schema.to_parsing_canonical_form(raw)
    mark = struct.pack("<HQ", 0x01C3, int.from_bytes(bytes.fromhex(fastavro.schema.fingerprint(canonical, "CRC-64-AVRO")), "little"))
    schema = fastavro.parse_schema(raw)

    def decode(value, _):
        if value[:10] != mark:
            sys.exit(f"{path}: a record begins with {value[:10].hex()}, the schema's mark is {mark.hex()}")
        body = io.BytesIO(value[10:])
        record = fastavro.schemaless_reader(body, schema)
        if body.read():
            sys.exit(f"{path}: more follows a record")
        return record

    return decode


with open(truth_file) as f:
    truth = json.load(f)
everything = next(f for f in truth["families"] if f["by"] == "" and not f.get("where"))
want = {name: sum(row[i] for group in everything["groups"].values() for row in group["hours"] if row) for i, name in enumerate(truth["measures"])}
want["events"] = truth["events"]

seen, kinds = set(), {}
for e in values(prefix + "events", by_registry() if registry else by_schema(events_file)):
    kinds[e["kind"]] = kinds.get(e["kind"], 0) + 1
    if e["kind"] == "event":
        seen.add((e["viewer"], e["play"], e["seq"]) if e["play"] and e["seq"] is not None else (e["viewer"], e["event"]))
got = dict.fromkeys(want, 0)
got["events"] = len(seen)

marks = {"request": "play_requests", "first_frame": "plays", "exit": "exits", "playback_failure": "playback_failures", "end": "ended_plays",
         "stall": "stalls", "measured": "measured_plays", "completed": "completed_plays"}
spans = {"startup": ["watch_ms"], "playing": ["watch_ms", "media_ms"], "seeking": ["watch_ms"], "stalled": ["watch_ms"], "seek_stalled": ["watch_ms"]}
batches = 0
for b in values(prefix + "facts", by_registry() if registry else by_schema(facts_file)):
    batches += 1
    for m in b["marks"]:
        if m["kind"] in marks:
            got[marks[m["kind"]]] += m["n"]
    for s in b["spans"]:
        for name in spans.get(s["kind"], []):
            got[name] += s["n"] * round((s["to"] - s["from"]).total_seconds() * 1000)

names = ["events", *marks.values(), "watch_ms", "media_ms"]
wrong = [f"{name}: strangers read {got[name]}, the truth is {want[name]}" for name in names if got[name] != want[name]]
print(f"{kinds} and {batches} batches of facts: " + ", ".join(f"{name} {got[name]}" for name in names))
if wrong or kinds.get("tick", 0) == 0 or batches == 0:
    sys.exit("\n".join(wrong) or "no ticks, or no facts")
