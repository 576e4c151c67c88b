"""Shops: whose sale an order is."""

from __future__ import annotations

from typing import Literal

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field

from yutang.api.errors import PROBLEMS
from yutang.api.keys import Caller, needs

ROUTES = APIRouter(tags=["shops"], responses=PROBLEMS)  # type: ignore[arg-type]
Domain = Literal["private", "public", "store"]


class ShopOut(BaseModel):
    """A shop on a platform. Unconfirmed ones were classed by their platform alone."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    platform: str
    shop: str = Field(description="As order files name it.")
    name: str
    domain: Domain
    confirmed_by: str = Field(description="Empty: nobody looked at it yet.")
    created_at: int


class ShopChange(BaseModel):
    """What is left out stays."""

    model_config = ConfigDict(extra="forbid")

    name: str | None = Field(None, min_length=1, max_length=200)
    domain: Domain | None = None


@ROUTES.get("/shops")
def list_shops(caller: Caller = needs("see")) -> list[ShopOut]:
    """All shops of the brand."""
    return [ShopOut.model_validate(one) for one in caller.brand.shops.list_()]


@ROUTES.patch("/shops/{shop_id}")
def change_shop(
    request: Request, shop_id: int, change: ShopChange, caller: Caller = needs("import")
) -> ShopOut:
    """Name a shop, or say whether it is private, public or a store; numbers follow shortly."""
    shops = caller.brand.shops
    shop = shops.get(shop_id)
    shops.set_(
        shop_id,
        name=change.name if change.name is not None else shop.name,
        platform=shop.platform,
        domain=change.domain or shop.domain,
        by=caller.name,
    )
    detail = {"from": shop.domain, "to": change.domain or shop.domain}
    caller.record("shop_set", change.name or shop.name, detail)
    request.app.state.nudge(caller.key.slug)
    return ShopOut.model_validate(shops.get(shop_id))
