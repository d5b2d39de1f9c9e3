"""Reads a lake with pyarrow, DuckDB and Spark, which nobody here wrote.

    readers.py LAKE EVENTS [KEY]

LAKE is the folder, EVENTS how many events it must hold, KEY (hexadecimal) what it
is encrypted with: then pyarrow alone reads it. Exits 1 when a reader finds
anything else.
"""

import json
import pathlib
import sys


def files(lake):
    manifest = json.loads((lake / "manifest.json").read_text())
    return [str(lake / f"period={f['period']}" / f"{f['number']:09d}.parquet") for f in manifest["files"]]


def say(reader, version, got):
    print(f"{reader} {version}: {got}")
    return got


def by_pyarrow(lake, key):
    import pyarrow
    import pyarrow.compute as pc
    import pyarrow.parquet as pq
    import pyarrow.parquet.encryption as pe

    options = {"decryption_properties": pe.create_decryption_properties(footer_key=bytes.fromhex(key))} if key else {}
    table = pyarrow.concat_tables(pq.ParquetFile(f, **options).read() for f in files(lake))
    return say("pyarrow", pyarrow.__version__, summary(
        table.num_rows, pc.count_distinct(table["viewer"]).as_py(), pc.sum(table["position_ms"]).as_py(),
        pc.sum(pc.equal(table["type"], "impression").cast("int64")).as_py(),
        table["time"].type == pyarrow.timestamp("ms", tz="UTC")))


def by_duckdb(lake):
    import os

    import duckdb

    os.chdir(lake)
    db = duckdb.connect()
    db.execute("SET TimeZone = 'UTC'")
    db.execute((lake / "events.sql").read_text())
    row = db.execute("""SELECT count(*), count(DISTINCT viewer), sum(position_ms)::BIGINT, count(*) FILTER (type = 'impression'),
        typeof(any_value(time)) = 'TIMESTAMP WITH TIME ZONE' FROM events""").fetchall()[0]
    # A filter on a column with a bloom filter and one on what rows are sorted by find what a scan finds.
    title, n = db.execute("SELECT title_id, count(*) FROM events WHERE title_id IS NOT NULL GROUP BY 1 ORDER BY 2 DESC, 1").fetchall()[0]
    viewer, m = db.execute("SELECT viewer, count(*) FROM events GROUP BY 1 ORDER BY 2 DESC, 1").fetchall()[0]
    assert db.execute("SELECT count(*) FROM events WHERE title_id = ?", [title]).fetchall()[0][0] == n
    assert db.execute("SELECT count(*) FROM events WHERE viewer = ?", [viewer]).fetchall()[0][0] == m
    return say("DuckDB", duckdb.__version__, summary(*row))


def by_spark(lake):
    import pyspark
    from pyspark.sql import SparkSession, functions as f

    spark = SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false").config("spark.sql.session.timeZone", "UTC").getOrCreate()
    spark.sparkContext.setLogLevel("ERROR")
    events = spark.read.parquet(*files(lake))
    row = events.agg(f.count("*"), f.countDistinct("viewer"), f.sum("position_ms"),
                     f.sum(f.when(f.col("type") == "impression", 1).otherwise(0))).first()
    got = summary(*row, dict(events.dtypes)["time"] == "timestamp")
    spark.stop()
    return say("Spark", pyspark.__version__, got)


def summary(events, viewers, position, impressions, times):
    return {"events": events, "viewers": viewers, "position_ms": position, "impressions": impressions, "times": times}


def main():
    lake, events = pathlib.Path(sys.argv[1]).resolve(), int(sys.argv[2])
    key = sys.argv[3] if len(sys.argv) > 3 else ""
    answers = [by_pyarrow(lake, key)]
    if not key:
        answers += [by_duckdb(lake), by_spark(lake)]
    if answers[0]["events"] != events or not answers[0]["times"] or any(a != answers[0] for a in answers):
        sys.exit(f"the readers do not find {events} events, or not the same")


main()
