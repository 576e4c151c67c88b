"""SQL in ClickHouse's engine (chdb), run by race.py with the Python of .venv-bench.

`python chdb_sql.py events.parquet THREADS` holds the events as table d.e (customer, second, code,
amount), sorted by (customer, second) as ClickHouse wants it, and answers each line of its input, a
JSON text of SQL, with JSON: {"seconds", "rows"}.
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
            "CREATE TABLE d.e (customer UInt32, second UInt32, code UInt8, amount Float64)"
            " ENGINE = MergeTree ORDER BY (customer, second)"
        )
        db.query(
            "INSERT INTO d.e SELECT customer, second, code,"
            f" (toUInt64(customer) * 7 + second) % 1000 FROM file('{path}')"
        )
        db.query("OPTIMIZE TABLE d.e FINAL")
        print("ready", flush=True)
        for line in sys.stdin:
            query = f"{json.loads(line)} SETTINGS max_threads = {threads}"
            started = time.perf_counter()
            answer = str(db.query(query, "JSONCompactEachRow"))
            seconds = time.perf_counter() - started
            rows = [json.loads(row) for row in answer.splitlines()]
            print(json.dumps({"seconds": seconds, "rows": rows}), flush=True)


main()
