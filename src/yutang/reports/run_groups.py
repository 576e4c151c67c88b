"""The customers of a stored run's groups, and who they are by now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pyroaring import BitMap
from sqlalchemy import Connection, insert, select

from yutang.kit.bitmaps import opened, packed
from yutang.state.brand import customers, model_run_groups

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


@dataclass(frozen=True)
class Survivors:
    """Who was merged (ids), and into whom."""

    ids: BitMap
    into: Mapping[int, int]

    def of(self, groups: Groups, order: Sequence[str]) -> Groups:
        """The layers by today's customers, each in one."""
        found = {label: people - self.ids for label, people in groups.items()}
        taken = BitMap().union(*found.values()) if found else BitMap()
        for label in order:
            moved = groups.get(label, BitMap()) & self.ids
            here = BitMap(self._survivor(one) for one in moved) - taken
            taken |= here
            if here:
                found[label] = found[label] | here
        return found

    def _survivor(self, customer: int) -> int:
        while customer in self.into:
            customer = self.into[customer]
        return customer


def survivors_of(connection: Connection) -> Survivors:
    """Everybody who was merged."""
    query = select(customers.c.id, customers.c.merged_into).where(
        customers.c.merged_into.is_not(None)
    )
    into = {int(one): int(survivor) for one, survivor in connection.execute(query)}
    return Survivors(BitMap(into), into)
