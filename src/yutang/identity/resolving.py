"""One batch of rows: texts to identity ids, and the links that stand in its rows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from sqlalchemy import Connection

from yutang.catalog.identity_kinds import KINDS
from yutang.identity import repository, rules
from yutang.identity.evidence import EACH_TIME
from yutang.identity.known import Known
from yutang.identity.repository import NewIdentity
from yutang.workspace import Workspace

HASHED = frozenset(kind.code for kind in KINDS if kind.hashed)
ALWAYS, NEVER = np.iinfo(np.int64).min, np.iinfo(np.int64).max


@dataclass
class Coded:
    """One kind's column of n rows: `index` (int64, n) points into `texts`; the position after the
    last text stands for no value. ids: identity of each text, 0 = none yet or never. keys: place
    of a text that nobody remembers → (key, plain text)."""

    kind: str
    index: np.ndarray
    texts: list[str]
    ids: np.ndarray
    keys: dict[int, tuple[str, str]]

    def of_rows(self) -> np.ndarray:
        """Identity ids of the rows (int64, n; 0 = none)."""
        mine: np.ndarray = np.append(self.ids, 0)[self.index]
        return mine


class Naming:
    """Gives the texts of one batch their identities, new ones where nobody knows them."""

    def __init__(self, workspace: Workspace, known: Known, connection: Connection) -> None:
        self._workspace = workspace
        self._known = known
        self._connection = connection
        self.new: dict[int, NewIdentity] = {}
        self.twins: list[tuple[int, int]] = []
        self.barred: set[tuple[str, str]] = set()  # (kind, text) of erased people

    def key(self, kind: str, value: str) -> tuple[str, str] | None:
        """(the value as the state keeps it, the plain text); None where it is no identity."""
        plain = rules.as_text(kind, value)
        if plain is None:
            return None
        return (self._workspace.keyed_hash(kind, plain) if kind in HASHED else plain), plain

    def encode(self, kind: str, values: pa.ChunkedArray | pa.Array) -> Coded:
        merged = values.combine_chunks() if isinstance(values, pa.ChunkedArray) else values
        coded = merged.cast(pa.string()).dictionary_encode()
        texts = coded.dictionary.to_pylist()
        index = np.asarray(coded.indices.fill_null(len(texts)), np.int64)
        return Coded(kind, index, texts, np.zeros(len(texts), np.int64), {})

    def look_up(self, columns: Sequence[Coded]) -> None:
        """Fill in the ids of texts that the state knows, and note the barred ones."""
        keys: dict[tuple[str, str], list[tuple[Coded, int]]] = {}
        for one in columns:
            known = self._known.ids(one.kind)
            for place, text in enumerate(one.texts):
                id_ = known.get(text)
                if id_ is not None:
                    one.ids[place] = id_
                elif (key := self.key(one.kind, text)) is not None:
                    one.keys[place] = key
                    keys.setdefault((one.kind, key[0]), []).append((one, place))
        found = repository.find_many(self._connection, list(keys))
        for pair, places in keys.items():
            id_ = found.get(pair, 0)
            barred = bool(self._known.refused) and (
                self._workspace.keyed_hash(*pair) in self._known.refused
            )
            for one, place in places:
                one.ids[place] = id_
                if id_ and not barred:
                    self._known.ids(one.kind)[one.texts[place]] = id_
                elif barred:
                    self.barred.add((one.kind, one.texts[place]))

    def create(self, columns: Sequence[Coded], last_id: Callable[[], int]) -> None:
        """New identities for the used texts that have none; twins of new ones are noted."""
        made: dict[tuple[str, str], int] = {}
        top = 0
        for one in columns:
            used = set(one.index.tolist())
            for place, (key, plain) in one.keys.items():
                barred = (one.kind, one.texts[place]) in self.barred
                if one.ids[place] or barred or place not in used:
                    continue
                id_ = made.get((one.kind, key), 0)
                if not id_:
                    top = id_ = (top or last_id()) + 1
                    made[one.kind, key] = id_
                    shown = rules.shown_as(one.kind, plain)
                    tail = shown[-4:] if one.kind == "phone" else ""
                    self.new[id_] = NewIdentity(id_, one.kind, key, shown, tail)
                one.ids[place] = id_
        self._find_twins(made)

    def _find_twins(self, made: Mapping[tuple[str, str], int]) -> None:
        wanted = {
            (rules.TWINS[kind], key): id_ for (kind, key), id_ in made.items()
            if kind in rules.TWINS
        }  # fmt: skip
        found = repository.find_many(self._connection, list(wanted)) if wanted else {}
        for pair, id_ in wanted.items():
            other = found.get(pair) or made.get(pair)
            if other:
                self.twins.append((min(id_, other), max(id_, other)))


def screen(columns: Sequence[Coded], barred: set[tuple[str, str]]) -> np.ndarray:
    """Blank what may not be taken in again; the rows that are refused whole (bool, n).

    A row is refused when it names an erased person, or only an erased person's device. Such a
    device beside another person is just left out: devices change hands.
    """
    rows = len(columns[0].index) if columns else 0
    refused, named, device_barred = (np.zeros(rows, bool) for _ in range(3))
    if not barred:
        return refused
    mine: list[np.ndarray] = []
    for one in columns:
        present = one.index < len(one.texts)
        bars = [(one.kind, text) in barred for text in one.texts]
        mine.append(np.array([*bars, False], bool)[one.index])
        if rules.is_device(one.kind):
            device_barred |= mine[-1]
        else:
            refused |= mine[-1]
            named |= present & ~mine[-1]
    refused |= device_barred & ~named
    for one, out in zip(columns, mine, strict=True):
        one.index = np.where(refused | out, len(one.texts), one.index)
    return refused


def row_links(
    columns: Sequence[Coded],
    evidence: str | Sequence[str],
    times: np.ndarray,
    same: Iterable[tuple[int, int]],
) -> dict[str, np.ndarray]:
    """Evidence → rows (a, b, time) with a < b (int64, m × 3): what stands together in a row.

    same: (row, identity), a further identity of a row. Each time counts of EACH_TIME, only the
    earliest of other evidence.
    """
    found: dict[str, list[np.ndarray]] = {}
    ids = {one.kind: one.of_rows() for one in columns}
    kinds = sorted(ids, key=rules.rank)
    codes = [evidence] if isinstance(evidence, str) else sorted(set(evidence))
    given = None if isinstance(evidence, str) else np.asarray(evidence, object)
    for position, kind in enumerate(kinds):
        for other in kinds[position + 1 :]:
            both = (ids[kind] > 0) & (ids[other] > 0)
            for code in codes if both.any() else ():
                rows = np.flatnonzero(both if given is None else both & (given == code))
                found.setdefault(code, []).append(_pairs(ids[kind], ids[other], times, rows))
    for row, identity in same:
        code = evidence if isinstance(evidence, str) else evidence[row]
        for other in kinds:
            mate = int(ids[other][row])
            if mate and mate != identity:
                pair = (min(mate, identity), max(mate, identity), int(times[row]))
                found.setdefault(code, []).append(np.array([pair], np.int64))
    return {code: _distinct(code, np.concatenate(parts)) for code, parts in found.items()}


def _pairs(one: np.ndarray, other: np.ndarray, times: np.ndarray, rows: np.ndarray) -> np.ndarray:
    a, b = one[rows], other[rows]
    return np.stack([np.minimum(a, b), np.maximum(a, b), times[rows]], axis=1)


def _distinct(evidence: str, rows: np.ndarray) -> np.ndarray:
    """Rows sorted, each once; of other evidence than EACH_TIME a pair's earliest alone."""
    rows = rows[np.lexsort((rows[:, 2], rows[:, 1], rows[:, 0]))]
    keep = np.ones(len(rows), bool)
    width = 3 if evidence in EACH_TIME else 2
    keep[1:] = (rows[1:, :width] != rows[:-1, :width]).any(axis=1)
    return rows[keep]


def unknown_links(
    connection: Connection,
    known: Known,
    rows: Mapping[str, np.ndarray],
    source: str,
    new: Mapping[int, NewIdentity],
) -> list[tuple[int, int, str, int, bool]]:
    """(a, b, evidence, time, was the pair tied before?) of evidence that the state lacks."""
    asked: dict[str, list[tuple[int, int, int]]] = {}
    for code, table in rows.items():
        if code in EACH_TIME:
            asked[code] = [tuple(row) for row in table.tolist()]
            continue
        remembered = known.pairs(code, source)
        asked[code] = [
            (a, b, time)
            for a, b, time in table.tolist()
            if remembered.get(a << 32 | b, NEVER) > time
        ]
    pairs = {(a, b) for some in asked.values() for a, b, _ in some if not (a in new or b in new)}
    stored: dict[tuple[int, int], list[tuple[str, str, int]]] = {}
    for a, b, code, its_source, time, strength in repository.find_links(connection, sorted(pairs)):
        # When two people's identities were first seen together says nothing: only devices move.
        when = int(time) if strength == "device" or code in EACH_TIME else ALWAYS
        stored.setdefault((int(a), int(b)), []).append((code, its_source, when))
    found = []
    for code, some in asked.items():
        for a, b, time in some:
            before = stored.get((a, b), [])
            mine = [t for c, s, t in before if (c, s) == (code, source)]
            if code in EACH_TIME:
                if time in mine:
                    continue
            elif mine and min(mine) <= time:
                known.pairs(code, source)[a << 32 | b] = min(mine)
                continue
            found.append((a, b, code, time, bool(before)))
    return found


def kinds_of(columns: Iterable[Coded], wanted: set[int]) -> dict[int, str]:
    """Identity id → kind, of the wanted ids."""
    needed = np.array(sorted(wanted), np.int64)
    return {int(id_): one.kind for one in columns for id_ in one.ids[np.isin(one.ids, needed)]}
