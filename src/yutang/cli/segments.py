"""Commands about segments: people kept under a name."""

from __future__ import annotations

import csv
import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from yutang.cli.asking import read_params
from yutang.cli.common import (
    BrandOption,
    HomeOption,
    JsonOption,
    customer_of,
    open_services,
    print_json,
)
from yutang.errors import BadInput

segment_app = typer.Typer(help="People kept under a name.", no_args_is_help=True)
RuleOption = Annotated[str, typer.Option(help="JSON, or a file of it; see docs/segments.md.")]
ByOption = Annotated[str, typer.Option(help="Who does it, for the audit log.")]


@segment_app.command("list")
def segment_list(
    archived: Annotated[bool, typer.Option("--archived", help="The archived ones.")] = False,
    brand: BrandOption = "",
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """All segments in use, newest first."""
    found = open_services(home).brand(brand).segments.list_(archived=archived)
    if as_json:
        print_json({"segments": [_plain(one) for one in found]})
        return
    for one in found:
        typer.echo(f"{one.id:>5} {one.people:>12,}  {one.name}")


@segment_app.command("create")
def segment_create(
    name: Annotated[str, typer.Argument(help="Its name.")],
    file: Annotated[
        Path | None, typer.Option(help="One identifier a line, or a CSV's first column.")
    ] = None,
    kind: Annotated[str, typer.Option(help="What the lines are: phone, member_no, …")] = "",
    model: Annotated[str, typer.Option(help="An analysis model, instead of a file.")] = "",
    params: Annotated[str, typer.Option(help="Its parameters: JSON, or a file.")] = "{}",
    cell: Annotated[str, typer.Option(help="Which number of the answer: JSON.")] = "{}",
    rule: Annotated[str, typer.Option(help="A rule: JSON, or a file; see docs/segments.md.")] = "",
    static: Annotated[bool, typer.Option("--static", help="Do not ask the rule again.")] = False,
    description: Annotated[str, typer.Option(help="What it is for.")] = "",
    by: ByOption = "cli",
    brand: BrandOption = "",
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """A segment of a rule, of a list of identifiers, or of the people behind a number."""
    from yutang.identity import read_file

    if sum((file is not None, bool(model), bool(rule))) != 1:
        raise BadInput("Give --rule, --file, or --model with --params and --cell.")
    one = open_services(home).brand(brand)
    found: dict[str, Any] = {}
    if rule:
        tree = read_params(rule)
        made = one.segments.create_by_rule(
            name, tree, by=by, description=description, dynamic=not static
        )
    elif file is not None:
        if not file.is_file():
            raise BadInput("There is no file %(path)s.", path=str(file))
        matched = one.segments.match(read_file(file.read_bytes()), kind)
        origin = matched.to_json()
        made = one.segments.create(name, matched.people, origin, by=by, description=description)
        found = {"unknown_lines": list(matched.unknown), "several_lines": list(matched.several)}
    else:
        origin = {"kind": "analysis", "model": model, "params": read_params(params)}
        origin["cell"] = read_params(cell)
        made = one.segments.create_from(name, origin, by=by, description=description)
    one.audit.record(by, "segment_made", made.name, {"people": made.people})
    if as_json:
        print_json({**_plain(made), **found})
        return
    typer.echo(f"Segment {made.id}: {made.people:,} people.")
    for key, lines in found.items():
        if lines:
            told = ", ".join(map(str, lines[:50]))
            typer.echo(f"! {key.replace('_', ' ')}: {told}{' …' * (len(lines) > 50)}", err=True)


@segment_app.command("count")
def segment_count(
    rule: RuleOption,
    brand: BrandOption = "",
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """How many customers fulfil a rule, and each of its conditions by itself."""
    counted = open_services(home).brand(brand).segments.rules.count(read_params(rule), each=True)
    if as_json:
        print_json({
            "count": counted.count, "as_of": counted.as_of, "seconds": counted.seconds,
            "customers": counted.total, "conditions": list(counted.each),
        })  # fmt: skip
        return
    typer.echo(f"{counted.count:,} of {counted.total:,} customers ({counted.seconds:.3f} s).")
    for place, n in enumerate(counted.each, start=1):
        typer.echo(f"  condition {place} by itself: {n:,}")


@segment_app.command("why")
def segment_why(
    who: Annotated[str, typer.Argument(help="KIND:VALUE, or a customer's number.")],
    name: Annotated[str, typer.Option(help="A segment's name or number.")] = "",
    rule: Annotated[str, typer.Option(help="Or a rule: JSON, or a file.")] = "",
    brand: BrandOption = "",
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Why somebody fulfils a rule or does not, condition by condition."""
    if bool(name) == bool(rule):
        raise BadInput("Give --name or --rule.")
    one = open_services(home).brand(brand)
    tree = read_params(rule) if rule else one.segments.find(name).rule
    if tree is None:
        raise BadInput("This segment has no rule: its people came as they are.")
    why = one.segments.rules.why(tree, customer_of(one, who))
    if as_json:
        print_json(asdict(why))
        return
    _tell(why, 0)


def _tell(why: Any, depth: int) -> None:
    mark = "+" if why.holds else "-"
    word = next((word for word in ("and", "or", "not") if word in why.node), "")
    said = word or json.dumps(why.node, ensure_ascii=False)
    found = "" if word else f"  → {why.found}"
    typer.echo(f"{'  ' * depth}{mark} {said}{found}")
    for part in why.parts:
        _tell(part, depth + 1)


@segment_app.command("export")
def segment_export(
    name: Annotated[str, typer.Argument(help="Its name, or its number.")],
    out: Annotated[Path | None, typer.Option(help="A new CSV file; else it is printed.")] = None,
    by: ByOption = "cli",
    brand: BrandOption = "",
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Its customers: their numbers, and their masked phones and member numbers."""
    from yutang.customers import CustomerQuery

    one = open_services(home).brand(brand)
    segment = one.segments.find(name)
    people = one.segments.people(segment.id)
    if out is not None and out.exists():
        raise BadInput("%(path)s is there already: it is never written over.", path=str(out))
    one.audit.record(by, "segment_exported", segment.name, {"people": len(people)})
    if as_json:
        print_json({**_plain(segment), "members": people.to_array().tolist()})
        return
    rows = one.customers.export(CustomerQuery(people=people, sort="id"))
    lines = ((row.id, row.phone, row.member_no) for row in rows)
    target = out.open("w", newline="", encoding="utf-8") if out else sys.stdout
    writer = csv.writer(target)
    writer.writerow(("customer", "phone", "member_no"))
    writer.writerows(lines)
    if out:
        target.close()
        typer.echo(f"{len(people):,} customers in {out}.")


def _plain(one: Any) -> dict[str, Any]:
    names = (
        "id",
        "name",
        "description",
        "people",
        "origin",
        "at",
        "facts_version",
        "archived_at",
        "kind",
    )
    return {name: getattr(one, name) for name in names}
