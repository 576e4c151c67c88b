"""Commands that ask: what a brand holds, and the analysis models."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from yutang.cli.common import BrandOption, HomeOption, JsonOption, open_services, print_json
from yutang.errors import BadInput
from yutang.kit.plain import plain


def status(brand: BrandOption = "", home: HomeOption = None, as_json: JsonOption = False) -> None:
    """What this brand holds."""
    found = open_services(home).brand(brand).status()
    if as_json:
        print_json(found)
        return
    for key, value in found.items():
        typer.echo(f"{key:<14} {value:>14,}")


def analyse(
    model: Annotated[str, typer.Argument(help="One of the models in docs/models, such as funnel.")],
    params: Annotated[str, typer.Option(help="JSON, or a file that holds it.")],
    brand: BrandOption = "",
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Ask an analysis model."""
    result = open_services(home).brand(brand).analyse(model, read_params(params))
    names = [column["name"] for column in result["columns"]]
    if as_json:
        keys = ("model", "rows", "caveats", "facts_version", "seconds", "computed_at")
        tables = {name: table["rows"] for name, table in result["tables"].items()}
        print_json({"columns": names, **{key: result[key] for key in keys}, "tables": tables})
        return
    typer.echo("\t".join(names))
    for row in result["rows"]:
        typer.echo("\t".join(str(row[name]) for name in names))
    for caveat in result["caveats"]:
        typer.echo(f"! {caveat['en']}", err=True)


def sql(
    question: Annotated[str, typer.Argument(help="One SELECT, or a file that holds it.")],
    rows: Annotated[int, typer.Option(help="At most so many rows.")] = 1_000,
    brand: BrandOption = "",
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Ask in SQL over events, orders, order_lines and customers; `tables` says what they hold."""
    desk = open_services(home).brand(brand).sql
    if question.strip().lower() == "tables":
        tables = desk.tables()
        if as_json:
            print_json({one.name: {c.name: c.type for c in one.columns} for one in tables})
            return
        for one in tables:
            typer.echo(f"{one.name}: {', '.join(f'{c.name} {c.type}' for c in one.columns)}")
        return
    path = Path(question)
    if question.endswith(".sql") and path.is_file():
        question = path.read_text(encoding="utf-8")
    answer = desk.ask(question, rows=rows)
    names = [name for name, _type in answer.columns]
    if as_json:
        found = [[plain(value) for value in row] for row in answer.rows]
        print_json({"columns": names, "rows": found, "cut": answer.cut,
                    "facts_version": answer.facts_version, "seconds": answer.seconds})  # fmt: skip
        return
    typer.echo("\t".join(names))
    for row in answer.rows:
        typer.echo("\t".join("" if value is None else str(value) for value in row))
    if answer.cut:
        typer.echo(f"! Only the first {len(answer.rows):,} rows.", err=True)


def read_params(text: str) -> dict[str, Any]:
    """A JSON object, given as text or as a file that holds it. Raises BadInput."""
    if not text.lstrip().startswith("{"):
        path = Path(text)
        if not path.is_file():
            raise BadInput("%(text)s is neither JSON nor a file.", text=text)
        text = path.read_text(encoding="utf-8")
    try:
        found = json.loads(text)
    except json.JSONDecodeError as error:
        raise BadInput(
            "The parameters are not JSON: %(why)s (line %(line)s, column %(column)s).",
            why=error.msg,
            line=error.lineno,
            column=error.colno,
        ) from error
    if not isinstance(found, dict):
        raise BadInput("The parameters are a JSON object: {…}.")
    return found


def attribute(
    paths: Annotated[
        Path, typer.Option(help="CSV with the columns path (A > B > C), conversions, value, nulls.")
    ],
    models: Annotated[str, typer.Option(help="Rules, comma between; or all.")] = "all",
    direct: Annotated[str, typer.Option(help="Channels that are direct, comma between.")] = (
        "direct,(direct)"
    ),
    nulls: Annotated[bool, typer.Option(help="Count paths without a conversion (Markov).")] = True,
    as_json: JsonOption = False,
) -> None:
    """Credit channels for paths that were counted elsewhere."""
    from yutang.analysis.credit import find_rules
    from yutang.analysis.path_file import RULES, credit_paths, read_paths

    names = _names(models)
    rules = find_rules(names)
    if "all" in names:
        rules = list(RULES)  # those that a file of paths can answer
    counted = read_paths(read_text(paths).splitlines())
    rows = credit_paths(counted, rules, direct=_names(direct), nulls=nulls)
    if as_json:
        print_json(
            {
                "columns": ["model", "channel", "conversions", "value", "removal_effect"],
                "rows": rows,
                "conversions": float(counted.paths.conversions.sum()),
                "value": float(counted.paths.value.sum()),
                "nulls": float(counted.nulls.sum()),
            }
        )
        return
    typer.echo("model\tchannel\tconversions\tvalue")
    for row in rows:
        typer.echo(
            f"{row['model']}\t{row['channel']}\t{row['conversions']:.6g}\t{row['value']:.6g}"
        )


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]


def read_text(path: Path) -> str:
    """A CSV's text: UTF-8, else the code page that spreadsheets write in China."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise BadInput(
            "%(path)s cannot be read: %(why)s.", path=str(path), why=error.strerror or str(error)
        ) from error
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise BadInput("%(path)s is neither UTF-8 nor GB18030 text.", path=str(path))
