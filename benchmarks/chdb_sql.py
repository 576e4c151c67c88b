"""SQL in ClickHouse's engine (chdb), run by engines.py with the Python of .venv-bench.

`python chdb_sql.py events.parquet THREADS` answers each line of its input, {way: SQL over e}, with
JSON: {way: {"seconds", "rows"}}. The table e (customer, second, code, amount) is sorted by
(customer, second), as ClickHouse wants it.
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
        db.query("USE d")
        db.query(
            "CREATE TABLE e (customer UInt32, second UInt32, code UInt8, amount Float64)"
            " ENGINE = MergeTree ORDER BY (customer, second)"
        )
        db.query(
            "INSERT INTO e SELECT customer, second, code,"
            f" (toUInt64(customer) * 7 + second) % 1000 FROM file('{path}')"
        )
        db.query("OPTIMIZE TABLE e FINAL")
        print("ready", flush=True)
        for line in sys.stdin:
            ways = json.loads(line)
            print(json.dumps({way: ask(db, sql, threads) for way, sql in ways.items()}), flush=True)


def ask(db, sql, threads):
    """Seconds and rows of a query, the table aggregated in its order where that is faster."""
    found = []
    for order in (0, 1):
        setting = f" SETTINGS max_threads = {threads}, optimize_aggregation_in_order = {order}"
        started = time.perf_counter()
        answer = str(db.query(sql + setting, "JSONCompactEachRow"))
        found.append(time.perf_counter() - started)
    return {"seconds": min(found), "rows": [json.loads(row) for row in answer.splitlines()]}


main()
