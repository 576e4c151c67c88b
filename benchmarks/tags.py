"""Tags at scale: 5 M customers, 200 tags with 1,000 large changes, a tag given to 1 M people, one
person's tags, everything read cold.

    python benchmarks/tags.py [CUSTOMERS] [TAGS]
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from pyroaring import BitMap

from yutang.identity import Identities
from yutang.installation import Installation
from yutang.tags import Tags

LARGE = 5  # changes of each tag
MANY = 1_000_000


def timed(label: str, act):  # type: ignore[no-untyped-def]
    start = time.perf_counter()
    made = act()
    print(f"{label:44} {(time.perf_counter() - start) * 1000:10,.1f} ms")
    return made


def main() -> None:
    customers = int(sys.argv[1]) if len(sys.argv) > 1 else 5_000_000
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 200
    draw = np.random.default_rng(1)
    with tempfile.TemporaryDirectory() as folder:
        installation = Installation.create(Path(folder) / "home")
        workspace = installation.workspace(installation.add_brand("main", "Main"))
        tags = Tags(workspace, Identities(workspace))
        alone = tags.cabinet.add_group("several", by="b")
        one = tags.cabinet.add_group("one", by="b", exclusive=True)
        ids = [
            tags.cabinet.add((one if n < 10 else alone).id, f"t{n}", by="b").id
            for n in range(count)
        ]

        def fill() -> None:
            for n, id_ in enumerate(ids):
                share = 0.02 if n < 10 else draw.choice([0.001, 0.01, 0.05, 0.2])
                size = int(customers * share / LARGE) + 1
                for _ in range(LARGE):
                    people = BitMap(draw.integers(1, customers + 1, size, dtype=np.uint32))
                    tags.add([id_], people, kind="bulk", by="b")

        print(f"{customers:,} customers, {count} tags")
        timed(f"{count * LARGE:,} large changes written", fill)
        size = (workspace.root / "state.db").stat().st_size
        print(f"{'state database':44} {size / 1e6:10,.1f} MB")
        million = BitMap(draw.integers(1, customers + 1, MANY, dtype=np.uint32))
        done = timed("a tag given to a million", lambda: tags.add(
            ids[-1:], million, kind="bulk", by="b"))  # fmt: skip
        timed("taken back", lambda: tags.undo(done.changes[0], by="b"))
        done = timed("a tag of an exclusive group, to a million", lambda: tags.add(
            ids[:1], million, kind="bulk", by="b"))  # fmt: skip
        print(f"{'  replaced':44} {done.replaced:10,}")
        timed("taken back", lambda: tags.undo(done.changes[0], by="b"))
        timed("a guide tags one customer", lambda: tags.add(
            ids[20:21], BitMap([77]), kind="manual", by="g"))  # fmt: skip
        cold = Tags(workspace, Identities(workspace))
        timed("all tags read cold", cold.list_)
        timed("all tags again", cold.list_)
        held, history = timed("one person, his large changes read cold", lambda: cold.story(77))
        print(f"{'  tags, changes':44} {len(held):10,} {len(history):,}")
        timed("one person again", lambda: cold.story(78))
        attribute = timed("the customer attribute", cold.attribute)
        print(f"{'  entries':44} {attribute.values.size:10,}")


if __name__ == "__main__":
    main()
