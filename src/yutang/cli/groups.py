"""Commands about groups: how each is, and what to do."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from yutang.cli.common import BrandOption, HomeOption, JsonOption, open_services, print_json

if TYPE_CHECKING:
    from yutang.brand import Brand

groups_app = typer.Typer(help="Groups 社群: health, and what to do.", no_args_is_help=True)
PeriodOption = Annotated[
    str, typer.Option(help="last_30, last_90, this_month, last_month, this_year or all.")
]
Day = Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"])]


@groups_app.command("list")
def groups_list(
    health: Annotated[str, typer.Option(help="Only red, amber, green or unknown ones.")] = "",
    period: PeriodOption = "last_30",
    first: Day = None,
    last: Day = None,
    brand: BrandOption = "",
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """All active groups, the worst first."""
    from yutang.groups import LEVELS, told

    one = open_services(home).brand(brand)
    table = one.groups.table(*_days(one, period, first, last))
    found = [g for g in table.groups if g.active and health in ("", g.health.level)]
    worst = list(LEVELS)
    found.sort(key=lambda g: (worst.index(g.health.level), g.health.score or 0, g.key))
    if as_json:
        print_json(
            {
                "first": str(table.first),
                "last": str(table.last),
                "groups": [told(table, group) for group in found],
            }
        )
        return
    for group in found:
        score = "–" if group.health.score is None else str(group.health.score)
        members = int(table.value("members", group) or 0)
        open_ = ", ".join(check.id for check in group.health.open)
        typer.echo(f"{group.health.level:<8}{score:>4} {members:>7,}  {group.key}  {group.title}"
                   f"{'  ! ' + open_ if open_ else ''}")  # fmt: skip


@groups_app.command("show")
def groups_show(
    group: Annotated[str, typer.Argument(help="Its key, or its name.")],
    period: PeriodOption = "last_30",
    first: Day = None,
    last: Day = None,
    brand: BrandOption = "",
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """One group with its checks and what to do."""
    from yutang.groups import told_whole

    one = open_services(home).brand(brand)
    table = one.groups.table(*_days(one, period, first, last))
    found = one.groups.find(table, group)
    if as_json:
        print_json(told_whole(one.groups, table, found))
        return
    score = "–" if found.health.score is None else found.health.score
    typer.echo(f"{found.title} ({found.key}): {found.health.level}, score {score}")
    for check in found.health.checks:
        value = "–" if check.value is None else f"{check.value:.3g}"
        typer.echo(f"  {check.level:<8}{check.title[1]}: {value}")
        if check.level in ("red", "amber"):
            typer.echo(f"          → {check.advice[1]}")
        elif check.level == "unknown":
            typer.echo(f"          ({check.why[1]})")


def _days(
    brand: Brand, period: str, first: datetime | None, last: datetime | None
) -> tuple[date, date]:
    """Raises BadInput."""
    preset = "custom" if first and last else period
    found = brand.measure.period(
        preset, first=first.date() if first else None, last=last.date() if last else None
    )
    return found.first, found.last
