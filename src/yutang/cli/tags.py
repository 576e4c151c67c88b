"""Commands about tags."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Annotated, Any

import typer

from yutang.cli.common import BrandOption, HomeOption, JsonOption, open_services, print_json
from yutang.errors import BadInput
from yutang.kit.sheets import csv_bytes

tag_app = typer.Typer(help="Words that people, rules and platforms put on customers.",
                      no_args_is_help=True)  # fmt: skip
ByOption = Annotated[str, typer.Option(help="Who does it, for the history and the audit log.")]
NameArgument = Annotated[str, typer.Argument(help="The tag: group/name, its name, or its number.")]
FileArgument = Annotated[Path, typer.Argument(help="One identifier a line, or a first column.")]
KindOption = Annotated[str, typer.Option(help="What the identifiers are: phone, member_no, …")]
NoteOption = Annotated[str, typer.Option(help="Why; it stands in the history.")]


@tag_app.command("list")
def tag_list(
    archived: Annotated[bool, typer.Option("--archived", help="The archived ones.")] = False,
    brand: BrandOption = "",
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """All tags in use, by group, with how many customers have each."""
    found = open_services(home).brand(brand).tags.list_(archived=archived)
    if as_json:
        print_json({"tags": [_plain(one) for one in found]})
        return
    for one in found:
        typer.echo(f"{one.id:>5} {one.people:>12,}  {one.title}")


@tag_app.command("add")
def tag_add(
    name: NameArgument,
    file: FileArgument,
    kind: KindOption = "",
    note: NoteOption = "",
    by: ByOption = "cli",
    brand: BrandOption = "",
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Give a tag to the customers of a list."""
    _change(name, file, kind, note, by, brand, home, as_json, added=True)


@tag_app.command("remove")
def tag_remove(
    name: NameArgument,
    file: FileArgument,
    kind: KindOption = "",
    note: NoteOption = "",
    by: ByOption = "cli",
    brand: BrandOption = "",
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Take a tag from the customers of a list."""
    _change(name, file, kind, note, by, brand, home, as_json, added=False)


@tag_app.command("undo")
def tag_undo(
    change: Annotated[str, typer.Argument(help="A change's number, or a job.")],
    by: ByOption = "cli",
    brand: BrandOption = "",
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Take a change back with what it replaced; what was changed later stays as it is."""
    one = open_services(home).brand(brand)
    number = change.isascii() and change.isdigit() and len(change) < 16
    done = one.tags.undo(int(change), by=by) if number else one.tags.undo_job(change, by=by)
    one.audit.record(by, "tagging_undone", change, {"people": done.added})
    if as_json:
        print_json({"changes": list(done.changes), "people": done.added})
        return
    typer.echo(f"Undone: {done.added:,} people are as they were before.")


@tag_app.command("import")
def tag_import(
    file: Annotated[Path, typer.Argument(help="A CSV with the columns identifier and tag.")],
    kind: KindOption = "",
    rejected: Annotated[
        Path | None, typer.Option(help="A new CSV file for rows that cannot be taken.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what it would do.")] = False,
    note: NoteOption = "",
    by: ByOption = "cli",
    brand: BrandOption = "",
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Give tags as a file says: a customer and a tag a line. Bad rows are told, the rest is
    taken."""
    one = open_services(home).brand(brand)
    plan = one.tag_files.plan(_text(file), kind)
    told = [vars(row) for row in plan.rejected]
    if rejected is not None and told:
        _write(rejected, told)
    result: dict[str, Any] = {"rows": plan.rows, "taken": plan.taken}
    if not dry_run:
        done = one.tag_files.apply(plan, by=by, job=uuid.uuid4().hex, note=note)
        one.audit.record(by, "customers_tagged", file.name, {"people": done.added})
        result |= _done(done)
    if as_json:
        print_json({**result, "rejected": told})
        return
    typer.echo(f"{plan.taken:,} of {plan.rows:,} rows taken.")
    for row in told[:50]:
        typer.echo(f"! line {row['line']}, {row['column']}: {row['reason']}", err=True)
    if not dry_run:
        typer.echo(f"{result['added']:,} tags given. Take back: yutang tag undo {result['job']}")


def _change(
    name: str, file: Path, kind: str, note: str, by: str, brand: str, home: Path | None,
    as_json: bool, *, added: bool,
) -> None:  # fmt: skip
    one = open_services(home).brand(brand)
    tag = one.tags.find(name)
    if tag.kind in ("computed", "rule"):
        raise BadInput("Nobody sets the tag “%(name)s” by hand: a condition does.", name=tag.title)
    matched = one.tag_files.match(_text(file), kind)
    act = one.tags.add if added else one.tags.remove
    job = uuid.uuid4().hex
    done = act([tag.id], matched.people, kind="bulk", by=by, note=note, job=job)
    action = "customers_tagged" if added else "customers_untagged"
    one.audit.record(by, action, tag.title, {"people": done.added})
    if as_json:
        lines = {"unknown_lines": list(matched.unknown), "several_lines": list(matched.several)}
        print_json({**_done(done), **lines})
        return
    typer.echo(f"{tag.title}: {done.added:,} changed, {done.already:,} unchanged.")
    typer.echo(f"Take back: yutang tag undo {job}")
    for said, at in (("nobody has", matched.unknown), ("several fit", matched.several)):
        if at:
            typer.echo(f"! {said} lines: {', '.join(map(str, at[:50]))}", err=True)


def _text(file: Path) -> str:
    from yutang.identity import read_file

    if not file.is_file():
        raise BadInput("There is no file %(path)s.", path=str(file))
    return read_file(file.read_bytes())


def _write(path: Path, rows: list[dict[str, Any]]) -> None:
    if path.exists():
        raise BadInput("%(path)s is there already: it is never written over.", path=str(path))
    with path.open("wb") as out:
        out.writelines(csv_bytes(list(rows[0]), (list(row.values()) for row in rows)))


def _done(done: Any) -> dict[str, Any]:
    return {
        "changes": list(done.changes), "added": done.added, "already": done.already,
        "replaced": done.replaced, "job": done.job,
    }  # fmt: skip


def _plain(one: Any) -> dict[str, Any]:
    names = ("id", "group", "name", "kind", "people", "valid_days", "set_by", "description",
             "rule", "behaviour", "archived_at")  # fmt: skip
    return {name: getattr(one, name) for name in names}
