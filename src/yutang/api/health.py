"""Data health: sources, freshness, what came by day, how large the lake is, where caches stand."""

from __future__ import annotations

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from yutang.api.errors import PROBLEMS
from yutang.api.keys import Caller, needs

ROUTES = APIRouter(tags=["health"], responses=PROBLEMS)  # type: ignore[arg-type]


class SourceOut(BaseModel):
    """What a source brought in the last 30 days."""

    model_config = ConfigDict(from_attributes=True)

    source: str
    counts: dict[str, int] = Field(
        description="accepted, duplicates, late, future, rejected, quarantined, refused, …"
    )
    last_day: str
    by_day: list[int] = Field(description="Accepted facts, one number for each of `days`.")


class TableOut(BaseModel):
    """A table of the lake; days are business days of facts, empty without any."""

    model_config = ConfigDict(from_attributes=True)

    name: str
    rows: int
    files: int
    bytes: int
    versions: int
    crowded_days: int = Field(description="Days with many small files, merged after the next work.")
    first_day: str
    last_day: str


class VolumesOut(BaseModel):
    """Rows by business day, up to the newest fact."""

    model_config = ConfigDict(from_attributes=True)

    days: list[str]
    rows: dict[str, list[int]]


class HealthOut(BaseModel):
    """Everything about the intake."""

    updated_at: int | None = Field(description="When facts last came in, UTC ms.")
    last_event_at: int | None = Field(description="Time of the newest event, UTC ms.")
    facts_version: int
    caches: dict[str, int] = Field(description="The facts version each cache stands at.")
    fresh: bool
    days: list[str]
    sources: list[SourceOut]
    tables: list[TableOut]
    volumes: VolumesOut


@ROUTES.get("/health")
def get_health(caller: Caller = needs("import")) -> HealthOut:
    """Sources, freshness, volumes and sizes."""
    brand = caller.brand
    intake = brand.intake.look()
    return HealthOut(
        updated_at=brand.intake.updated_at(),
        last_event_at=brand.lake_health.last_event_at(),
        facts_version=brand.facts.version(),
        caches={name: ask() for name, ask in brand.cache_versions().items()},
        fresh=brand.is_fresh(),
        days=list(intake.days),
        sources=[SourceOut.model_validate(one) for one in intake.sources],
        tables=[TableOut.model_validate(one) for one in brand.lake_health.tables()],
        volumes=VolumesOut.model_validate(brand.lake_health.volumes()),
    )
