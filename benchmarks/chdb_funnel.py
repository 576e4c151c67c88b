"""The funnel in ClickHouse's engine (chdb), run by funnel.py with the Python of .venv-bench.

`python chdb_funnel.py events.parquet CODES THREADS` answers each line of its input with JSON:
{setting: {"seconds", "depths": people by depth}}. The table is sorted by (customer, second), as
ClickHouse wants it.
"""

import json
import sys
import tempfile
import time

from chdb import session

WINDOW = 7 * 86_400
SETTINGS = {
    "all events": ("", ""),
    "events of the funnel only": ("WHERE code IN ({codes})", ""),
    "events of the funnel only, in order": (
        "WHERE code IN ({codes})",
        ", optimize_aggregation_in_order = 1",
    ),
}


def main() -> None:
    path, codes, threads = sys.argv[1], sys.argv[2].split(","), sys.argv[3]
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
        for _ in sys.stdin:  # one line, one round: funnel.py takes turns with us
            print(
                json.dumps({name: ask(db, codes, threads, name) for name in SETTINGS}), flush=True
            )


def ask(db, codes, threads, name):
    """Seconds, and people by depth, with one of the settings."""
    where, setting = SETTINGS[name]
    steps = ", ".join(f"code = {code}" for code in codes)
    query = (
        f"SELECT depth, count() FROM (SELECT windowFunnel({WINDOW})(second, {steps}) depth"
        f" FROM d.e {where.format(codes=','.join(codes))} GROUP BY customer)"
        f" WHERE depth > 0 GROUP BY depth ORDER BY depth"
        f" SETTINGS max_threads = {threads}{setting}"
    )
    started = time.perf_counter()
    answer = str(db.query(query, "CSV"))
    seconds = time.perf_counter() - started
    return {"seconds": seconds, "depths": dict(row.split(",") for row in answer.split())}


main()
