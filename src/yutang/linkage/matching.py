"""Pairs of records that are probably one person, by Splink: the model of Fellegi and Sunter, learnt
from the records themselves (expectation maximisation), without anybody having labelled pairs.

Splink is an extra: it is asked only by the command line and benchmarks, never by a web process.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import duckdb
import pyarrow as pa

from yutang.errors import BadInput
from yutang.linkage.fields import BLOCKS, COLUMNS, FIRM, LEVELS, TRAINED_ON, UNKNOWN

if TYPE_CHECKING:
    from splink import Linker

LEAST_RECORDS = 50
LEAST_VALUES = 20  # records that have a field, else it teaches nothing
MOST_PAIRS = 10_000_000  # of one block: a name that everybody has brings everybody together
_SAMPLED = 2_000_000  # pairs from which chance agreement is learnt
_RECALL = 0.7  # share of the true pairs that the firm rules are taken to find
_SEED = 1


@dataclass(frozen=True)
class Pair:
    """Two records (a < b) that are one person with this probability. weight: match weight, the
    base-2 logarithm of the odds; evidence: field → code of the level of agreement ("differs",
    "unknown" where one lacks it)."""

    a: int
    b: int
    probability: float
    weight: float
    evidence: dict[str, str]


@dataclass(frozen=True)
class Matched:
    """pairs: the most probable first. fields: what was compared; left_out: blocks that would have
    compared too many pairs."""

    pairs: list[Pair]
    records: int
    fields: tuple[str, ...]
    left_out: tuple[tuple[str, ...], ...]


def available() -> bool:
    """Is Splink installed?"""
    from importlib.util import find_spec

    return find_spec("splink") is not None


def match(records: pa.Table, threshold: float) -> Matched:
    """Pairs at or above a probability. records: `unique_id` int64 and COLUMNS as text, null where
    unknown. Raises BadInput where Splink is not installed, or there is too little to compare."""
    if not available():
        raise BadInput("Splink is not installed.", hint="Install it first: pip install splink.")
    with duckdb.connect() as db:
        db.execute("SET TimeZone = 'UTC'")
        db.register("given", records)
        db.execute("CREATE TABLE records AS SELECT * FROM given ORDER BY unique_id")
        counts = _counts(db)
        fields = tuple(f for f in LEVELS if max(counts[c] for c in _of(f)) >= LEAST_VALUES)
        if len(records) < LEAST_RECORDS or len(fields) < 2:
            raise BadInput(
                "There is too little to compare: %(n)s customers, compared by: %(fields)s.",
                hint="It takes 50 customers and two of name, birthday, city, address, e-mail, "
                "phone among their attributes.",
                n=len(records),
                fields=", ".join(fields) or "–",
            )
        usable = [c for c in BLOCKS if all(counts.get(one, 0) >= LEAST_VALUES for one in c)]
        sizes = {block: _pairs(db, block) for block in usable}
        blocks = [block for block in usable if 0 < sizes[block] <= MOST_PAIRS]
        left_out = tuple(block for block in usable if sizes[block] > MOST_PAIRS)
        if not blocks:
            return Matched([], len(records), fields, left_out)
        with _quiet():
            linker = _trained(db, fields, blocks, counts)
            found = linker.inference.predict(threshold_match_probability=threshold)
            pairs = _read(db, found.physical_name, fields)
    return Matched(pairs, len(records), fields, left_out)


def _of(field: str) -> tuple[str, ...]:
    """The columns of which one at least must be known."""
    return {"name": ("surname", "given"), "phone": ("phone_tail",)}.get(field, (field,))


def _counts(db: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """Column → records that have it, 0 where all have the same."""
    asked = ", ".join(f"count({c}) * (count(DISTINCT {c}) > 1)::INT" for c in COLUMNS)
    (row,) = db.execute(f"SELECT {asked} FROM records").fetchall()
    return dict(zip(COLUMNS, row, strict=True))


def _pairs(db: duckdb.DuckDBPyConnection, block: Sequence[str]) -> int:
    """How many pairs of records a block compares."""
    known = " AND ".join(f"{one} IS NOT NULL" for one in block)
    ((pairs,),) = db.execute(
        "SELECT coalesce(sum(n * (n - 1) / 2), 0) FROM (SELECT count(*)::HUGEINT AS n FROM records"
        f" WHERE {known} GROUP BY {', '.join(block)})"
    ).fetchall()
    return int(pairs)


def _trained(
    db: duckdb.DuckDBPyConnection,
    fields: Sequence[str],
    blocks: Sequence[tuple[str, ...]],
    counts: dict[str, int],
) -> Linker:
    from splink import DuckDBAPI, Linker, SettingsCreator, block_on
    from splink.internals.exceptions import EMTrainingException

    api = DuckDBAPI(connection=db)
    settings = SettingsCreator(
        link_type="dedupe_only",
        comparisons=[_comparison(field) for field in fields],
        blocking_rules_to_generate_predictions=[block_on(*block) for block in blocks],
        retain_matching_columns=False,
    )
    linker = Linker(api.register("records"), settings, log_level=logging.ERROR)
    firm = [block for block in FIRM if all(counts[one] >= LEAST_VALUES for one in block)]
    firm = [block for block in firm if 0 < _pairs(db, block) <= MOST_PAIRS]
    if firm:
        linker.training.estimate_probability_two_random_records_match(
            [block_on(*block) for block in firm], recall=_RECALL
        )
    linker.training.estimate_u_using_random_sampling(max_pairs=_SAMPLED, seed=_SEED)
    for block in TRAINED_ON:
        if all(counts[one] >= LEAST_VALUES for one in block):
            if not 0 < _pairs(db, block) <= MOST_PAIRS:
                continue
            try:
                linker.training.estimate_parameters_using_expectation_maximisation(block_on(*block))
            except (EMTrainingException, ValueError):
                continue  # these pairs teach nothing: none of them, or all, agree in some way
    return linker


def _comparison(field: str) -> Any:
    from splink.internals.comparison_library import CustomComparison

    levels: list[dict[str, Any]] = [
        {"sql_condition": _unknown(field), "label_for_charts": "unknown", "is_null_level": True}
    ]
    for code, condition, common in LEVELS[field]:
        level: dict[str, Any] = {"sql_condition": condition, "label_for_charts": code}
        if common:
            level |= {"tf_adjustment_column": common, "tf_adjustment_weight": 1.0}
        levels.append(level)
    levels.append({"sql_condition": "ELSE", "label_for_charts": "differs"})
    return CustomComparison(comparison_levels=levels, output_column_name=field)


def _read(db: duckdb.DuckDBPyConnection, found: str, fields: Sequence[str]) -> list[Pair]:
    """The pairs of Splink's table, and how well their fields agree."""
    both = ", ".join(f"l.{c} AS {c}_l, r.{c} AS {c}_r" for c in COLUMNS)
    levels = ", ".join(f"{_level(field)} AS {field}" for field in fields)
    rows = db.execute(
        f"SELECT a, b, match_probability, match_weight, {levels} FROM (SELECT least(unique_id_l,"
        " unique_id_r) AS a, greatest(unique_id_l, unique_id_r) AS b, match_probability,"
        f" match_weight, {both} FROM {found} JOIN records l ON l.unique_id = unique_id_l"
        " JOIN records r ON r.unique_id = unique_id_r) ORDER BY match_weight DESC, a, b"
    ).fetchall()
    return [
        Pair(a, b, float(probability), float(weight), dict(zip(fields, agree, strict=True)))
        for a, b, probability, weight, *agree in rows
    ]


def _level(field: str) -> str:
    """SQL of the code of a field's level of agreement."""
    cases = "".join(f" WHEN {condition} THEN '{code}'" for code, condition, _ in LEVELS[field])
    return f"CASE WHEN {_unknown(field)} THEN 'unknown'{cases} ELSE 'differs' END"


def _unknown(field: str) -> str:
    return UNKNOWN.get(field, f"{field}_l IS NULL OR {field}_r IS NULL")


class _quiet:  # noqa: N801 - used as a with-statement's word
    """Splink writes its progress as warnings and to its log."""

    def __enter__(self) -> None:
        self._warnings = warnings.catch_warnings()
        self._warnings.__enter__()
        warnings.simplefilter("ignore")
        self._log = logging.getLogger("splink")
        self._level = self._log.level
        self._log.setLevel(logging.ERROR)

    def __exit__(self, *error: object) -> None:
        self._log.setLevel(self._level)
        self._warnings.__exit__(None, None, None)
