"""The customers of a stored run's groups, and who they are by now."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from pyroaring import BitMap
from sqlalchemy import Connection, insert, select

from yutang.kit.bitmaps import opened, packed
from yutang.state.brand import model_run_groups

Groups = dict[str, BitMap]


def set_groups(connection: Connection, run_id: int, groups: Groups) -> None:
    """Keep the customers of each group of a new run."""
    rows = [
        {"run_id": run_id, "label": label, "people": packed(people), "size": len(people)}
        for label, people in groups.items()
    ]
    if rows:
        connection.execute(insert(model_run_groups), rows)


def groups_of(connection: Connection, run_id: int) -> Groups:
    """The customers of each group, as they were kept."""
    query = select(model_run_groups.c.label, model_run_groups.c.people).where(
        model_run_groups.c.run_id == run_id
    )
    return {label: opened(blob) for label, blob in connection.execute(query)}


def by_today(
    groups: Groups, order: Sequence[str], follow: Callable[[BitMap], BitMap]
) -> tuple[Groups, int]:
    """The layers by today's customers, each in one (his own before those of whom he took over; then
    the first of `order`), and how many were merged since. follow: who people are now."""
    gone = {label: people - follow(people) for label, people in groups.items()}
    found = {label: people - gone[label] for label, people in groups.items()}
    taken = BitMap().union(*found.values()) if found else BitMap()
    for label in order:
        here = follow(gone.get(label, BitMap())) - taken
        taken |= here
        if here:
            found[label] = found[label] | here
    return found, sum(map(len, gone.values()))
