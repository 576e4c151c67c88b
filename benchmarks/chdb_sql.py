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
        hopeless = set()
        for line in sys.stdin:
            ways = json.loads(line)
            answers = {way: ask(db, sql, threads, hopeless) for way, sql in ways.items()}
            print(json.dumps(answers), flush=True)


def ask(db, sql, threads, hopeless):
    """Seconds and rows of a query, the table aggregated in its order where that is faster. A
    setting that takes three times as long as the other is not asked again."""
    found = {}
    for order in (0, 1):
        if (sql, order) in hopeless:
            continue
        setting = f" SETTINGS max_threads = {threads}, optimize_aggregation_in_order = {order}"
        started = time.perf_counter()
        answer = str(db.query(sql + setting, "JSONCompactEachRow"))
        found[order] = time.perf_counter() - started
    best = min(found.values())
    hopeless.update((sql, order) for order, took in found.items() if took > 3 * best)
    return {"seconds": best, "rows": [json.loads(row) for row in answer.splitlines()]}


main()
