"""Commands about people: one person's data, and why identities are one customer."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from yutang.cli.common import (
    BrandOption,
    HomeOption,
    JsonOption,
    customer_of,
    open_services,
    print_json,
)
from yutang.cli.linkage import identity_suggest, identity_suggestions
from yutang.errors import BadInput

person_app = typer.Typer(help="One person's data.", no_args_is_help=True)
customer_app = typer.Typer(help="One customer as a whole.", no_args_is_help=True)
identity_app = typer.Typer(help="Who is one customer, and why.", no_args_is_help=True)
identity_app.command("suggest")(identity_suggest)
identity_app.command("suggestions")(identity_suggestions)
IdentityArgument = Annotated[str, typer.Argument(help="KIND:VALUE, like phone:13800000000.")]


def _pair(text: str) -> tuple[str, str]:
    kind, found, value = text.partition(":")
    if not found or not kind or not value:
        raise BadInput("Write KIND:VALUE, for example phone:13800000000.")
    return kind, value


@person_app.command("erase")
def person_erase(
    identity: IdentityArgument,
    by: Annotated[str, typer.Option(help="Who asks for it, for the receipt.")] = "cli",
    brand: BrandOption = "",
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Erase the person who has this identity from every store, and never take him in again."""
    from yutang.refresh import rebuild
    from yutang.worker import work_on

    kind, value = _pair(identity)
    one = open_services(home).brand(brand)
    work_on(one)  # what is half done is finished first
    with one.workspace.writer():
        receipt = one.privacy.erase(kind, value, by=by, rebuild=lambda: rebuild(one))
    if as_json:
        print_json(receipt.to_json())
        return
    typer.echo(f"Erased: receipt {receipt.id}.")
    for store, count in receipt.counts.items():
        typer.echo(f"{store:<14} {count:>10,}")


@person_app.command("export")
def person_export(
    identity: IdentityArgument,
    out: Annotated[Path, typer.Option(help="A new file; it is never written over.")],
    by: Annotated[str, typer.Option(help="Who asks for it, for the audit log.")] = "cli",
    brand: BrandOption = "",
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write everything known of the person who has this identity into one JSON file."""
    one = open_services(home).brand(brand)
    customer = one.person_files.customer_of(*_pair(identity))
    size = one.person_files.write(customer, out)
    one.audit.record(by, "person.exported", str(customer), {"bytes": size})
    if as_json:
        print_json({"customer": customer, "file": str(out), "bytes": size})
        return
    typer.echo(f"Customer {customer}: {size:,} bytes in {out}.")


@customer_app.command("show")
def customer_show(
    who: Annotated[str, typer.Argument(help="KIND:VALUE, or a customer's number.")],
    brand: BrandOption = "",
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Who he is, where he stands and why, what to expect, and what to do next."""
    from yutang.portrait import to_json

    one = open_services(home).brand(brand)
    whole = one.portraits.whole(customer_of(one, who))
    if as_json:
        typer.echo(json.dumps(to_json(whole), ensure_ascii=False, default=str))
        return
    him, expected = whole.portrait, whole.outlook.expected
    lines = [
        ("customer", f"#{him.id} {him.phone} {him.member_no}"),
        ("stage", f"{him.stage}: {him.stage_reason[1]}"),
        ("relation", f"{him.role}: {him.role_reason[1]}"),
        ("orders", f"{him.orders}, net {him.net_fen / 100:,.2f} yuan"),
        ("tags", ", ".join(f"{held.group}/{held.tag.name}" for held in whole.tags)),
        ("segments", ", ".join(name for _, name in whole.segments)),
        ("consents", ", ".join(f"{said.purpose} {said.state}" for said in whole.consents)),
    ]
    if expected.is_known:
        value = "" if expected.value_365d is None else f", {expected.value_365d:,.2f} yuan a year"
        alive = f"alive {expected.alive:.0%}, {expected.orders_90d:.2f} orders in 90 days"
        lines.append(("expected", alive + value))
    for name, text in lines:
        if text:
            typer.echo(f"{name:<10} {text}")
    for action in whole.outlook.actions[:3]:
        typer.echo(f"{'next':<10} {action.label[1]}: {action.reason[1]}")


@identity_app.command("link")
def identity_link(
    a: IdentityArgument,
    b: IdentityArgument,
    evidence: Annotated[str, typer.Option(help="Why they are one person; kept for good.")],
    by: Annotated[str, typer.Option(help="Who says so.")] = "cli",
    brand: BrandOption = "",
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say that two identities are one person; their facts become one customer's."""
    one = open_services(home).brand(brand)
    with one.workspace.writer():
        made = one.hands.link(_pair(a), _pair(b), note=evidence, by=by)
    one.audit.record(by, "identity.linked", made.id, {"note": made.note})
    _refresh(one)
    customer = one.identities.find(*_pair(a))
    found = {"decision": made.id, "customer": customer.customer_id if customer else None}
    print_json(found) if as_json else typer.echo(f"{made.id}: customer {found['customer']}.")


@identity_app.command("unlink")
def identity_unlink(
    a: IdentityArgument,
    b: Annotated[str, typer.Argument(help="Nothing: A leaves its customer; KIND:VALUE: only a "
                                          "link that was made by hand is taken back.")] = "",
    evidence: Annotated[str, typer.Option(help="Why; kept for good.")] = "",
    by: Annotated[str, typer.Option(help="Who says so.")] = "cli",
    brand: BrandOption = "",
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:  # fmt: skip
    """Take a link by hand back, else take an identity out of its customer."""
    one = open_services(home).brand(brand)
    with one.workspace.writer():
        decision = one.hands.unlink(_pair(a), _pair(b) if b else None, note=evidence, by=by)
    one.audit.record(by, "identity.unlinked", decision, {"note": evidence})
    _refresh(one)
    found = one.identities.find(*_pair(a))
    answer = {"decision": decision, "customer": found.customer_id if found else None}
    print_json(answer) if as_json else typer.echo(f"{decision}: customer {answer['customer']}.")


@identity_app.command("explain")
def identity_explain(
    identity: IdentityArgument,
    brand: BrandOption = "",
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Why everything that is this customer is this customer: the chain of evidence."""
    why = open_services(home).brand(brand).identities.explain(*_pair(identity))
    if as_json:
        print_json(why.to_json())
        return
    names = {one.id: f"{one.kind}:{one.shown}" for one in why.identities}
    typer.echo(f"Customer {why.customer}")
    for member in why.identities:
        typer.echo(f"  {names[member.id]}")
        for tie in why.chains.get(member.id, ()):
            typer.echo(
                f"      {names[tie.a]} = {names[tie.b]}: {tie.evidence} of {tie.source}"
                + (f" by {tie.by}: {tie.note}" if tie.note else "")
            )


@identity_app.command("undo")
def identity_undo(
    decision: Annotated[str, typer.Argument(help="link:N or split:N, as `decisions` shows.")],
    by: Annotated[str, typer.Option(help="Who says so.")] = "cli",
    brand: BrandOption = "",
    home: HomeOption = None,
) -> None:
    """Take a decision by hand back."""
    one = open_services(home).brand(brand)
    with one.workspace.writer():
        one.hands.undo(decision, by=by)
    one.audit.record(by, "identity.undone", decision, {})
    _refresh(one)
    typer.echo(f"{decision}: taken back.")


@identity_app.command("decisions")
def identity_decisions(
    brand: BrandOption = "", home: HomeOption = None, as_json: JsonOption = False
) -> None:
    """Links and splits that were made by hand, newest first."""
    found = open_services(home).brand(brand).hands.decisions()
    if as_json:
        print_json([one.to_json() for one in found])
        return
    for one in found:
        state = "taken back" if one.revoked_at else "stands"
        typer.echo(f"{one.id:<10} {state:<10} {one.by:<12} {one.note}")


@identity_app.command("reviews")
def identity_reviews(
    brand: BrandOption = "", home: HomeOption = None, as_json: JsonOption = False
) -> None:
    """Identities tied to so many people that they join nobody until somebody decides."""
    found = open_services(home).brand(brand).hands.reviews()
    if as_json:
        print_json([one.to_json() for one in found])
        return
    for one in found:
        typer.echo(f"{one.id:>6}  {one.kind}:{one.shown}  {one.people} people")


@identity_app.command("decide")
def identity_decide(
    review: Annotated[int, typer.Argument(help="The review's number.")],
    answer: Annotated[str, typer.Argument(help="joined (one person) or apart (joins nobody).")],
    by: Annotated[str, typer.Option(help="Who says so.")] = "cli",
    brand: BrandOption = "",
    home: HomeOption = None,
) -> None:
    """Answer a review."""
    one = open_services(home).brand(brand)
    with one.workspace.writer():
        one.hands.decide(review, answer, by=by)
    one.audit.record(by, "identity.reviewed", str(review), {"answer": answer})
    _refresh(one)
    typer.echo(f"Review {review}: {answer}.")


def _refresh(one: Any) -> None:
    """Bring the caches up to date; a running worker may do it instead."""
    from yutang.worker import work_on

    work_on(one)
