"""Shops: whose sale it is. A shop is private, public or a store, and a person confirms it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pyarrow as pa
from sqlalchemy import Connection, insert, select, update

from yutang.catalog.platforms import BY_CODE, DOMAINS, platform_of
from yutang.errors import BadInput, NotFound
from yutang.state.brand import shops
from yutang.workspace import Workspace


@dataclass(frozen=True)
class Shop:
    id: int
    platform: str
    shop: str
    name: str
    domain: str
    confirmed_by: str
    created_at: int


def register_shops(connection: Connection, orders: pa.Table, *, at: int) -> None:
    """Add the shops of these orders that are not there yet, with their platform's domain."""
    query = select(shops.c.platform, shops.c.shop)
    known = {(platform, shop) for platform, shop in connection.execute(query)}
    pairs = orders.select(["platform", "shop"]).group_by(["platform", "shop"]).aggregate([])
    rows = [
        {
            "platform": row["platform"],
            "shop": row["shop"],
            "name": row["shop"],
            "domain": platform_of(row["platform"]).domain,
            "created_at": at,
        }
        for row in pairs.to_pylist()
        if (row["platform"], row["shop"]) not in known
    ]
    if rows:
        connection.execute(insert(shops), rows)


class Shops:
    """The shops of one brand."""

    def __init__(
        self,
        workspace: Workspace,
        note_domain: Callable[[Connection, int], None] = lambda _connection, _shop: None,
    ) -> None:
        """`note_domain` tells the worker that order events of a shop must be read anew."""
        self._workspace = workspace
        self._note_domain = note_domain

    def list_(self) -> list[Shop]:
        query = select(
            shops.c.id,
            shops.c.platform,
            shops.c.shop,
            shops.c.name,
            shops.c.domain,
            shops.c.confirmed_by,
            shops.c.created_at,
        ).order_by(shops.c.platform, shops.c.shop)
        with self._workspace.db.read() as connection:
            return [Shop(*row) for row in connection.execute(query)]

    def get(self, shop_id: int) -> Shop:
        for one in self.list_():
            if one.id == shop_id:
                return one
        raise NotFound("There is no shop %(id)s.", id=shop_id)

    def set_(self, shop_id: int, *, name: str, platform: str, domain: str, by: str) -> None:
        """Say what a shop is. Raises BadInput for an unknown domain or an empty name."""
        if domain not in DOMAINS:
            raise BadInput("A shop is private, public or a store, not “%(domain)s”.", domain=domain)
        if not name.strip():
            raise BadInput("The shop needs a name.")
        if platform not in BY_CODE:
            raise BadInput("There is no platform “%(platform)s”.", platform=platform)
        was = self.get(shop_id)
        with self._workspace.db.write() as connection:
            connection.execute(
                update(shops)
                .where(shops.c.id == shop_id)
                .values(name=name.strip()[:200], domain=domain, confirmed_by=by)
            )
            if domain != was.domain:
                self._note_domain(connection, shop_id)

    def declare(self, platform: str, shop: str, *, domain: str, by: str) -> None:
        """Make a shop whose nature is known before its first file comes; a known one stays."""
        if domain not in DOMAINS or platform not in BY_CODE:
            raise BadInput("A shop needs a known platform and private, public or store.")
        with self._workspace.db.write() as connection:
            found = connection.execute(
                select(shops.c.id).where(shops.c.platform == platform, shops.c.shop == shop)
            ).scalar()
            if found is None:
                connection.execute(
                    insert(shops).values(
                        platform=platform,
                        shop=shop,
                        name=shop,
                        domain=domain,
                        confirmed_by=by,
                        created_at=self._workspace.now(),
                    )
                )
