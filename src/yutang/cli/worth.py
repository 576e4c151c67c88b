"""Commands on what customers are worth: lifetime value and RFM."""

from __future__ import annotations

import csv
import time
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from yutang.cli.asking import analyse, read_text
from yutang.cli.common import BrandOption, HomeOption, JsonOption, open_services, print_json
from yutang.errors import BadInput
from yutang.kit.sheets import safe

if TYPE_CHECKING:
    from yutang.predictions import Fitted, Holdout, Predictions, Settings

    Asked = tuple[Fitted, Holdout | None, Settings]


def clv(
    model: Annotated[str, typer.Option(help="bgnbd or pnbd.")] = "bgnbd",
    from_file: Annotated[
        Path | None, typer.Option(help="A CSV with the columns customer, date, value.")
    ] = None,
    until: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="The last day that is known.")
    ] = None,
    holdout: Annotated[
        bool, typer.Option(help="Fit on two thirds of the time, compare with the rest.")
    ] = False,
    out: Annotated[
        Path | None, typer.Option(help="Write what is expected of each customer, as CSV.")
    ] = None,
    margin: Annotated[
        float | None, typer.Option(help="Contribution margin, 0 to 1; of a brand: kept.")
    ] = None,
    discount: Annotated[
        float | None, typer.Option(help="Discount rate a year; of a brand: kept.")
    ] = None,
    brand: BrandOption = "",
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Fit a model of repeat buying: who is still there, and what will he bring?"""
    started = time.perf_counter()
    day = until.date() if until else None
    if from_file is not None:
        found, tested, used = _of_file(from_file, model, day, holdout, margin, discount)
    else:
        predictions = open_services(home).brand(brand).predictions
        found, tested, used = _of_brand(predictions, model, day, holdout, margin, discount)
    answer = {**found.to_json(), "seconds": round(time.perf_counter() - started, 4)}
    if out is not None:
        _write(out, found, used)
    if as_json:
        print_json({**answer, **({"holdout": tested.to_json()} if tested else {})})
        return
    _tell(answer, found, tested)


def _of_file(
    path: Path, model: str, until: date | None, holdout: bool, margin: float | None,
    discount: float | None,
) -> Asked:  # fmt: skip
    from yutang.predictions import (
        Settings,
        check_model,
        check_settings,
        fitted,
        hold_out,
        read_purchases,
    )

    chosen = check_model(model)
    purchases, wrong = read_purchases(read_text(path).splitlines(), until)
    for sentence in wrong:
        typer.echo(f"! {sentence}", err=True)
    tested = hold_out(purchases, chosen) if holdout else None
    return fitted(purchases, chosen), tested, check_settings(Settings(), margin, discount)


def _of_brand(
    predictions: Predictions, model: str, until: date | None, holdout: bool, margin: float | None,
    discount: float | None,
) -> Asked:  # fmt: skip
    from yutang.predictions import check_model, check_settings

    chosen = check_model(model)
    used = check_settings(predictions.settings(), margin, discount)
    if margin is not None or discount is not None:
        predictions.set_settings(margin=used.margin, discount=used.discount)
    tested = predictions.holdout(chosen, until) if holdout else None
    return predictions.fitted(chosen, until), tested, used


def rfm(brand: BrandOption = "", home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Layer the customers by how lately, how often and for how much they bought."""
    analyse("rfm", "{}", brand, home, as_json)


def _tell(answer: dict[str, Any], found: Fitted, tested: Holdout | None) -> None:
    named = ", ".join(f"{name} {value:.5g}" for name, value in answer["params"].items())
    typer.echo(f"{answer['model']}: {named}; log-likelihood {answer['log_likelihood']:.3f}")
    if answer["gamma_gamma"]:
        spend = ", ".join(f"{k} {v:.5g}" for k, v in found.spending.params.items())  # type: ignore[union-attr]
        typer.echo(f"gamma-gamma: {spend}; correlation of how often and how much "
                   f"{found.correlation:+.2f}")  # fmt: skip
    typer.echo(f"{answer['customers']:,} customers ({answer['cells']:,} distinct histories) until "
               f"{answer['until']}, {answer['seconds']:.2f} s")  # fmt: skip
    if answer["at_bound"]:
        names = ", ".join(answer["at_bound"])
        typer.echo(
            f"! At the edge: {names}. The model has more parameters than these data can tell; do "
            "not trust it for single customers.",
            err=True,
        )
    if tested is not None:
        told = tested.to_json()
        typer.echo(f"fitted until {told['calibrated_until']}: expected {told['expected']:,.0f} "
                   f"purchase days since, there were {told['actual']:,}")  # fmt: skip


def _write(path: Path, found: Fitted, settings: Settings) -> None:
    """One line a customer; numbers only, so nothing in it can be a formula, but for names."""
    from yutang.predictions import HORIZONS

    scores = found.scores(margin=settings.margin, discount=settings.discount)
    heads = ["customer", "alive"]
    heads += [f"{what}_{days}" for what in ("orders", "value") for days in HORIZONS]
    try:
        with path.open("w", encoding="utf-8", newline="") as handle:
            writer = csv.writer(handle)
            writer.writerow([*heads, "next_on", "churn"])
            writer.writerows(_lines(found, scores))
    except OSError as error:
        raise BadInput(
            "%(path)s cannot be written: %(why)s.", path=str(path), why=error.strerror or str(error)
        ) from error


def _lines(found: Fitted, scores: Any) -> Iterator[list[Any]]:
    from yutang.predictions import day_of

    columns = [scores.alive, *scores.orders.values(), *scores.value.values()]
    for i, customer in enumerate(scores.customers.tolist()):
        name = found.names[customer] if found.names else customer
        numbers = [f"{column[i]:.6g}" for column in columns]
        yield [safe(name), *numbers, day_of(int(scores.next_on[i])), f"{scores.churn[i]:.6g}"]
