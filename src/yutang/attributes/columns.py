"""What sources said of customers as arrays by customer id, so that analyses and segments can ask.

A cache under cache/attributes, made by the worker when an attribute, a source's rank or a person
changed. What stands here is what `Attributes.of_customer` says, but for devices that changed
hands: their words are told on the customer's page only.

A value's type is found from all values: numbers, yes or no, lists of texts, else text. Texts of a
brand may be many (names); one with more than MOST_WORDS different values is left out.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from sqlalchemy import Connection, func, select

from yutang.attributes import trust
from yutang.attributes.choosing import Said, of_person
from yutang.attributes.rules import WHOLE, State
from yutang.sequence.source import NO_BOOL, NO_CODE, Attribute
from yutang.state.brand import attributes

FORMAT = 1
POINTER = "current.json"
MOST_WORDS = 1_000_000
MOST_ATTRIBUTES = 500  # more than that come from a sender who makes names of values
_ROWS_AT_ONCE = 50_000


def stamp(connection: Connection, people: Iterable[int]) -> str:
    """Changes when an attribute, a rank or a person does. people: of `Survivors.stamp`."""
    c = attributes.c
    query = select(func.count(), func.max(c.commit_id), func.max(c.time))
    marks = [FORMAT, *connection.execute(query).one(), *people]
    ranks = trust.ranks(connection)
    return json.dumps([*marks, sorted(ranks.items())])


def values_by_customer(
    connection: Connection, customer_of: np.ndarray
) -> dict[str, dict[int, Any]]:
    """Name → customer → value. customer_of: uint32 by identity, 0 = nobody's."""
    c = attributes.c
    ranks = trust.ranks(connection)
    found: dict[str, dict[int, Any]] = {}
    names = connection.execute(
        select(c.name).where(c.name != WHOLE).group_by(c.name).order_by(func.count().desc())
    ).scalars()
    for name in names.fetchmany(MOST_ATTRIBUTES):
        query = select(c.identity, c.source, c.value, c.time).where(c.name == name)
        first: dict[int, Said] = {}
        several: dict[int, list[Said]] = {}
        for identity, source, stored, time in connection.execute(query):
            customer = int(customer_of[identity]) if identity < len(customer_of) else 0
            if not customer or stored is None or stored["value"] is None:
                continue
            state = State(stored["value"], stored["since"], int(time), stored["kind"])
            said = Said(int(identity), name, source, state)
            if customer in first:
                several.setdefault(customer, [first[customer]]).append(said)
            else:
                first[customer] = said
        values = {customer: said.state.value for customer, said in first.items()}
        for customer, all_ in several.items():
            values[customer] = of_person(all_, ranks)[0].value
        if values:
            found[name] = values
    return found


def column_of(values: Mapping[int, Any]) -> Attribute | None:
    """An attribute of these values by customer; None where there are too many different ones.

    >>> column_of({1: 3, 3: 4.5}).values
    array([nan, 3. , nan, 4.5])
    """
    ids = np.fromiter(values, np.int64, len(values))
    size = int(ids.max(initial=0)) + 1
    kinds = {bool if isinstance(v, bool) else type(v) for v in values.values()}
    if kinds <= {int, float}:
        numbers = np.full(size, np.nan)
        numbers[ids] = np.fromiter(values.values(), np.float64, len(values))
        return Attribute("number", numbers)
    if kinds == {bool}:
        flags = np.full(size, NO_BOOL, np.int8)
        flags[ids] = np.fromiter(values.values(), np.int8, len(values))
        return Attribute("bool", flags)
    if list in kinds:
        return _list_of(values, size)
    codes = np.full(size, NO_CODE, np.int32)
    words: dict[str, int] = {}
    for customer, value in values.items():
        codes[customer] = words.setdefault(_text(value), len(words))
    return Attribute("string", codes, list(words)) if len(words) <= MOST_WORDS else None


def _list_of(values: Mapping[int, Any], size: int) -> Attribute | None:
    words: dict[str, int] = {}
    parts: list[list[int]] = [[] for _ in range(size)]
    for customer, value in values.items():
        several = value if isinstance(value, list) else [value]
        parts[customer] = [words.setdefault(_text(one), len(words)) for one in several]
    offsets = np.zeros(size + 1, np.int64)
    np.cumsum([len(part) for part in parts], out=offsets[1:])
    codes = np.array([code for part in parts for code in part], np.int32)
    return Attribute("list", codes, list(words), offsets) if len(words) <= MOST_WORDS else None


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


# --- on disk -------------------------------------------------------------------------------------
def write(
    root: Path, columns: Mapping[str, Attribute], stamp_: str, *, whole: bool = False
) -> None:
    """Store a generation and switch to it in one step; with `whole` no older one stays."""
    root.mkdir(parents=True, exist_ok=True)
    number = 1 + max((int(p.name) for p in root.iterdir() if p.name.isdigit()), default=0)
    folder = root / str(number)
    folder.mkdir()
    entries = []
    for place, (name, one) in enumerate(columns.items()):
        np.save(folder / f"{place}.npy", one.values)
        if one.offsets is not None:
            np.save(folder / f"{place}.offsets.npy", one.offsets)
        if one.dictionary:
            text = json.dumps(list(one.dictionary), ensure_ascii=False)
            (folder / f"{place}.json").write_text(text, encoding="utf-8")
        entries.append({"name": name, "type": one.type, "lists": one.offsets is not None,
                        "words": bool(one.dictionary)})  # fmt: skip
    manifest = {"format": FORMAT, "folder": folder.name, "stamp": stamp_, "columns": entries}
    temporary = root / f"{POINTER}.new"
    temporary.write_text(json.dumps(manifest, ensure_ascii=False), encoding="utf-8")
    os.replace(temporary, root / POINTER)
    oldest = number if whole else number - 1  # the one before stays for who reads it now
    for path in root.iterdir():
        if path.name.isdigit() and int(path.name) < oldest:
            shutil.rmtree(path, ignore_errors=True)


def read_manifest(root: Path) -> dict[str, Any] | None:
    """None before the first generation, or where another program wrote it."""
    try:
        found = json.loads((root / POINTER).read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return None
    return found if found.get("format") == FORMAT else None


def read(root: Path, manifest: Mapping[str, Any]) -> dict[str, Attribute]:
    """The attributes of a generation, memory-mapped."""
    folder, found = root / manifest["folder"], {}
    for place, entry in enumerate(manifest["columns"]):
        mapped = np.load(folder / f"{place}.npy", mmap_mode="r")
        offsets = np.load(folder / f"{place}.offsets.npy") if entry["lists"] else None
        words: list[str] = []
        if entry["words"]:
            words = json.loads((folder / f"{place}.json").read_text(encoding="utf-8"))
        found[entry["name"]] = Attribute(entry["type"], np.asarray(mapped), words, offsets)
    return found
