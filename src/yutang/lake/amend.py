"""Change values of rows that stand in the lake: undo hands rows over, repair fills values in."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from yutang.lake.keys import Keys
from yutang.lake.lake import WRITER, Lake

NAMES = ("day", "event_key")  # what names a row


def amend(lake: Lake, table: str, changes: pa.Table, *, where: str = "") -> int:
    """Set columns of existing rows in one commit; the number of rows set.

    `changes` holds `day` and `event_key`, each row once, and the new values under the names of
    the table's columns; `where` is SQL over the old row (as `t`). Safe to repeat. The caller
    holds the brand's writer lock.
    """
    if not changes.num_rows or not lake.exists(table):
        return 0
    days = pc.min_max(changes.column("day")).as_py()
    before, lag = lake.version(table), lake.keys_behind(table)
    rule = (
        "t.day = s.day AND t.event_key = s.event_key"
        f" AND t.day >= '{days['min']}' AND t.day <= '{days['max']}'"
    )
    columns = [name for name in changes.column_names if name not in NAMES]
    done = (
        lake.delta(table)
        .merge(
            changes,
            predicate=f"{rule} AND {where}" if where else rule,
            source_alias="s",
            target_alias="t",
            writer_properties=WRITER,
        )
        .when_matched_update({f't."{name}"': f's."{name}"' for name in columns})
        .execute()
    )
    after = lake.version(table)
    if after != before:
        lake._sync(table, before)
        if lag == 0:  # no key came or went: the index is as good as it was
            lake._keys[table].add(Keys.empty(), after)
    return int(done["num_target_rows_updated"])
