"""What the brand holds, and how fresh it is."""

from __future__ import annotations

from fastapi import APIRouter
from pydantic import BaseModel, Field

from yutang.api.errors import PROBLEMS
from yutang.api.keys import Caller, needs

ROUTES = APIRouter(tags=["status"], responses=PROBLEMS)  # type: ignore[arg-type]


class Status(BaseModel):
    """Counts of facts and people."""

    brand: str
    simulated: bool = Field(description="Is this a made-up brand, for trying things?")
    provenance: str = Field(description="Whose data this is; empty for a brand's own.")
    events: int
    orders: int
    order_lines: int
    customers: int
    identities: int
    quarantined: int = Field(description="Rows set aside and not yet decided.")
    pending: int = Field(description="Imports that wait or run.")
    facts_version: int
    fresh: bool = Field(description="Do all numbers stand at the newest facts?")
    updated_at: int | None = Field(description="When facts last came in, UTC ms.")


@ROUTES.get("/status")
def get_status(caller: Caller = needs("see")) -> Status:
    """What the brand holds."""
    brand = caller.brand
    return Status(
        brand=brand.row.slug,
        simulated=brand.row.label == "simulated",
        provenance=brand.row.provenance_en,
        fresh=brand.is_fresh(),
        updated_at=brand.intake.updated_at(),
        **brand.status(),
    )
