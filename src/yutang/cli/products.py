"""Commands on products: what sells, what goes together, what comes next, restocks."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from yutang.cli.common import BrandOption, HomeOption, JsonOption, open_services, print_json
from yutang.errors import BadInput

if TYPE_CHECKING:
    from pathlib import Path

    from yutang.products import Products, Scope

products_app = typer.Typer(no_args_is_help=True, help="What sells, with what, what next, when.")

Level = Annotated[str, typer.Option(help="product, spec or category.")]
First = Annotated[
    datetime | None, typer.Option("--from", formats=["%Y-%m-%d"], help="First business day.")
]
Last = Annotated[
    datetime | None, typer.Option("--to", formats=["%Y-%m-%d"], help="Last business day.")
]
Domain = Annotated[str, typer.Option(help="private, public or store.")]
Rows = Annotated[int, typer.Option("--rows", min=1, max=100_000, help="Rows to print.")]


@products_app.command()
def hits(
    level: Level = "product", first: First = None, last: Last = None, domain: Domain = "",
    rows: Rows = 20, brand: BrandOption = "", home: HomeOption = None, as_json: JsonOption = False,
) -> None:  # fmt: skip
    """What sells, to whom, and whether it grows against as many days before."""
    from yutang.products import hit_row

    products, scope = _asked(home, brand, level, first, last, domain)
    found = products.hits(scope, products.before(scope))
    told = [hit_row(found, products.goods(), n) for n in range(min(rows, len(found)))]
    if as_json:
        print_json({"total": len(found), "all_orders": found.all_orders, "rows": told})
        return
    for row in told:
        grown = "" if row["growth"] is None else f"  {row['growth']:.2f}x {row['trend']}"
        typer.echo(f"{row['rank']:>4} {row['name']}: {row['sales_fen'] / 100:,.0f} yuan, "
                   f"{row['orders']:,} orders, {row['buyers']:,} buyers{grown}")  # fmt: skip


@products_app.command()
def pairs(
    level: Level = "product",
    by: Annotated[str, typer.Option(help="order or customer.")] = "order",
    days: Annotated[int, typer.Option(help="Of one customer: within so many days.")] = 30,
    least: Annotated[int, typer.Option(help="Baskets with both, at least.")] = 10,
    first: First = None, last: Last = None, domain: Domain = "", rows: Rows = 20,
    brand: BrandOption = "", home: HomeOption = None, as_json: JsonOption = False,
) -> None:  # fmt: skip
    """What is bought together, most beyond chance first."""
    from yutang.products import PairsQuestion, pair_row

    products, scope = _asked(home, brand, level, first, last, domain)
    found = products.pairs(PairsQuestion(scope, by, days, least))  # type: ignore[arg-type]
    told = [pair_row(found, products.goods(), n) for n in range(min(rows, len(found)))]
    if as_json:
        print_json(
            {"total": len(found), "baskets": found.baskets, "left_out": found.left_out,
             "rows": told}
        )  # fmt: skip
        return
    for row in told:
        typer.echo(f"{row['a_name']} + {row['b_name']}: {row['both']:,} together, "
                   f"{row['lift']:.2f} times chance ({row['lift_low']:.2f} to "
                   f"{row['lift_high']:.2f})")  # fmt: skip


@products_app.command("next")
def next_(
    level: Level = "category",
    first_only: Annotated[bool, typer.Option(help="From the first purchase only.")] = False,
    holdout: Annotated[bool, typer.Option(help="Were guesses right in the last days?")] = False,
    customer: Annotated[int, typer.Option(help="What one customer will buy next.")] = 0,
    first: First = None, last: Last = None, domain: Domain = "", rows: Rows = 20,
    brand: BrandOption = "", home: HomeOption = None, as_json: JsonOption = False,
) -> None:  # fmt: skip
    """What is bought on the next purchase day."""
    from yutang.products import StepsQuestion, step_row

    products, scope = _asked(home, brand, level, first, last, domain)
    if customer:
        guesses = products.next_for(customer, level=scope.level)
        if as_json:
            print_json({"customer": customer, "next": guesses})
            return
        for one in guesses:
            typer.echo(f"{one['name']}: {one['chance']:.1%}, {one['reason']}")
        return
    found = products.transitions(StepsQuestion(scope, first_only))
    told = [step_row(found, n) for n in range(min(rows, len(found)))]
    tested = products.next_holdout(scope) if holdout else None
    hits_ = [
        {"method": one.method, "tested": one.tested, "hit_1": one.rate(1), "hit_3": one.rate(3)}
        for one in (tested.by_method if tested else ())
    ]
    if as_json:
        more = {"holdout": hits_} if tested else {}
        print_json({"total": len(found), "steps": found.steps, "rows": told, **more})
        return
    for row in told:
        typer.echo(f"{row['a_name']} -> {row['b_name']}: {row['share']:.1%} of {row['of_a']:,}, "
                   f"{row['lift']:.2f} times as usual, {row['days']:.0f} days")  # fmt: skip
    for hit in hits_:
        typer.echo(f"{hit['method']}: right {hit['hit_1']:.1%}, of three {hit['hit_3']:.1%} "
                   f"({hit['tested']:,} tested)")  # fmt: skip


@products_app.command()
def restocks(
    level: Level = "category",
    state: Annotated[str, typer.Option(help="long, due, soon or later.")] = "due",
    due_days: Annotated[int | None, typer.Option(help="Soon means within so many days.")] = None,
    clear: Annotated[bool, typer.Option(help="Only rhythms clear enough to act on.")] = True,
    holdout: Annotated[bool, typer.Option(help="Did rhythms foretell the last days?")] = False,
    domain: Domain = "", rows: Rows = 20, brand: BrandOption = "", home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:  # fmt: skip
    """Who needs what again, and when."""
    import numpy as np

    from yutang.products import STATES, restock_row

    if state not in STATES:
        raise BadInput("Restocks are long, due, soon or later, not “%(name)s”.", name=state)
    products, scope = _asked(home, brand, level, None, None, domain)
    found = products.restocks(scope, due_days, clear=clear)
    order = np.argsort(-found.expected.day, kind="stable")
    order = order[found.states[order] == STATES.index(state)]
    told = [restock_row(found, products.goods(), int(n)) for n in order[:rows]]
    tested = products.restock_holdout(scope, 180, clear=clear) if holdout else None
    if as_json:
        more: dict[str, Any] = {}
        if tested:
            more["holdout"] = {**vars(tested), "coverage": tested.coverage}
        print_json({"counts": {name: found.count(name) for name in STATES}, "rows": told, **more})
        return
    for row in told:
        typer.echo(f"#{row['customer']} {row['name']}: {row['expected_on']} "
                   f"({row['low_on']} to {row['high_on']}), last {row['last_on']}")  # fmt: skip
    if tested:
        typer.echo(f"{tested.tested:,} foretold, {tested.came:,} came, {tested.inside:,} inside; "
                   f"off by {tested.mae_days:.1f} days, by the usual rhythm alone "
                   f"{tested.mae_category:.1f}")  # fmt: skip


def _asked(
    home: Path | None, brand: str, level: str, first: datetime | None, last: datetime | None,
    domain: str,
) -> tuple[Products, Scope]:  # fmt: skip
    products = open_services(home).brand(brand).products
    if (first is None) != (last is None):
        raise BadInput("A period needs both its first and its last day.")
    days = {"period": "all"}
    if first is not None and last is not None:
        if first > last:
            raise BadInput("The period needs a first day and a later last day.")
        days = {"period": "custom", "first": first.date().isoformat(),
                "last": last.date().isoformat()}  # fmt: skip
    return products, products.scope({**days, "domain": domain, "level": level})
