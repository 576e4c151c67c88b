"""A process that reads a brand's journal ahead for the worker (`ingest.stream.ahead`).

It reads what to do from its input and answers on its output; nobody calls it by hand.
"""

from __future__ import annotations

import sys

import msgspec

from yutang import logs
from yutang.catalog.records import Limits
from yutang.kit.memory import without_pandas


def command(limits: Limits) -> list[str]:
    """What starts it."""
    return [sys.executable, "-m", "yutang.reading", msgspec.json.encode(limits).decode()]


def main() -> None:
    """Serve until the worker is gone."""
    without_pandas()  # before what would load it
    from yutang.connectors.tracking import PROTOCOLS
    from yutang.ingest.stream.ahead import serve
    from yutang.ingest.stream.stretch import Stretches

    logs.configure("warning")
    limits = msgspec.json.decode(sys.argv[1], type=Limits)
    answers, sys.stdout = sys.stdout.buffer, sys.stderr  # nothing else may be written there
    serve(sys.stdin.buffer, answers, Stretches(PROTOCOLS, limits))


if __name__ == "__main__":
    main()
