"""SQL in ClickHouse's engine (chdb), run by engines.py with the Python of .venv-bench.

`python chdb_sql.py events.parquet THREADS` answers each line of its input, {way: SQL over d.e},
with JSON: {way: {"seconds", "rows": [[integers]]}}. The table d.e (customer, second, code) is
sorted by (customer, second), as ClickHouse wants it.
"""

import json
import sys
import tempfile
import time

from chdb import session


def main() -> None:
    path, threads = sys.argv[1], sys.argv[2]
    with tempfile.TemporaryDirectory() as folder:
        db = session.Session(folder)
        db.query("CREATE DATABASE d")
        db.query(
            "CREATE TABLE d.e (customer UInt32, second UInt32, code UInt8) ENGINE = MergeTree"
            " ORDER BY (customer, second)"
        )
        db.query(f"INSERT INTO d.e SELECT * FROM file('{path}')")
        db.query("OPTIMIZE TABLE d.e FINAL")
        print("ready", flush=True)
        for line in sys.stdin:
            ways = json.loads(line)
            print(json.dumps({way: ask(db, sql, threads) for way, sql in ways.items()}), flush=True)


def ask(db, sql, threads):
    """Seconds and rows of a query, the table aggregated in its order where that helps."""
    found = []
    for order in (0, 1):
        setting = f" SETTINGS max_threads = {threads}, optimize_aggregation_in_order = {order}"
        started = time.perf_counter()
        answer = str(db.query(sql + setting, "CSV"))
        found.append(time.perf_counter() - started)
    rows = [[int(part) for part in row.split(",")] for row in answer.split()]
    return {"seconds": min(found), "rows": rows}


main()
