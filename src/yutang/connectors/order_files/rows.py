"""From text to typed rows: the table `rows`.

It holds the typed values, the ordinal `n` within the order, a revision rank, and for rows that
cannot be used the number of the check that failed (`bad`, 1-based) with the offending text.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from yutang.catalog import platforms
from yutang.catalog.orders import STATUS_RANK
from yutang.connectors.order_files.cells import MAX_AMOUNT, quoted
from yutang.connectors.order_files.mapping import FIELD_BY_CODE, FIELDS
from yutang.connectors.order_files.session import Check, Session
from yutang.connectors.order_files.wording import is_refunded, platform_code, status_of

PROVINCE = r"^(\S{2,8}?(?:省|自治区|特别行政区|市)|北京|上海|天津|重庆)\s"
CITY = r"^\S{2,8}\s+([^\s*]{2,12}(?:市|州|盟|地区|县))(?:\s|$)"
# Fields of FIELDS that have no typed column of their own.
_NOT_TYPED = ("order_id", "platform", "shop", "status", "item_count", "phone_expires", "address")


def make_rows(session: Session, shop: str | None, platform: str | None) -> None:
    """Make the table `rows` from `cells`, which is dropped."""
    _fix_keys(session, shop, platform)
    _lookups(session)
    _count_identities(session)
    session.checks = _checks(session)
    tests = list(enumerate(session.checks, start=1))
    bad = " ".join(f"WHEN {check.condition} THEN {number}" for number, check in tests)
    value = " ".join(f"WHEN {check.condition} THEN {check.value}" for _, check in tests)
    wordings = [name for name in ("status", "refund_status") if session.has(name)]
    joins = "".join(
        f" LEFT JOIN {name}_codes ON {name}_codes.text = cells.{name}" for name in wordings
    )
    _number_lines(session)
    numbered = "POSITIONAL JOIN ordinals"
    if session.counts.get("joined_rows"):
        numbered = "JOIN ordinals USING (ord, part)"
    latest = "greatest(paid_at, shipped_at, finished_at, closed_at, refunded_at)"
    session.run(
        f"""CREATE TABLE rows AS SELECT *, coalesce(modified_at, {latest}, created_at, 0) * 10
                + coalesce(state, 0) AS rank
        FROM (SELECT ord, row, part, n, {", ".join([*_keys(session), *_columns(session)])},
                CASE {bad} END AS bad, CASE {value} END AS bad_value
            FROM (SELECT *, {_parsed(session)} FROM cells {numbered}) AS cells{joins})
        """
    )
    session.run("DROP TABLE cells")


def _number_lines(session: Session) -> None:
    """Register `ordinals`: for each row of `cells` its place `n` (from 1) within its order.

    In numpy over dictionary codes, since a window over text is the slowest thing DuckDB does here.
    """
    keys = session.table(f"SELECT {', '.join(_keys(session))}, ord, part FROM cells")
    codes = np.zeros(keys.num_rows, dtype=np.int64)
    for name in session.key:
        column = pc.fill_null(keys[name].combine_chunks(), "").dictionary_encode()
        codes = codes * max(len(column.dictionary), 1) + column.indices.to_numpy()
    order = np.lexsort((keys["part"].to_numpy(), keys["ord"].to_numpy(), codes))
    ordered = codes[order]
    starts = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]][: len(ordered)])
    sizes = np.diff(np.r_[starts, len(ordered)])
    ordinals = np.empty(len(ordered), dtype=np.int64)
    ordinals[order] = np.arange(1, len(ordered) + 1) - np.repeat(starts, sizes)
    places = (
        {name: keys[name] for name in ("ord", "part")} if session.counts.get("joined_rows") else {}
    )
    session.con.register("ordinals", pa.table({"n": ordinals, **places}))


def _fix_keys(session: Session, shop: str | None, platform: str | None) -> None:
    """Decide where platform and shop come from: the import, the file, or the mapping.

    What the import was told counts for the whole file, unless the file names several.
    """
    constants = session.mapping.constants
    given = {"platform": platform, "shop": shop}
    for name, told in given.items():
        several = 0
        if session.has(name):
            (several,) = session.one(f"SELECT count(DISTINCT {name}) FROM cells")
        if several > 1 or (several and not told):
            session.key.append(name)
    session.fixed["platform"] = platform or constants.get("platform") or "other"
    label = platforms.platform_of(session.fixed["platform"]).zh
    session.fixed["shop"] = shop or constants.get("shop") or label
    if "shop" not in session.key:
        session.shop_source = "given" if shop else "preset" if "shop" in constants else "default"


def _lookups(session: Session) -> None:
    """Tables text -> code for the wordings that occur: status, after-sales, platform."""
    mapping = session.mapping
    for name in ("status", "refund_status", "platform"):
        if not session.has(name):
            continue
        counts = session.run(
            f"SELECT {name}, count(*) FROM cells WHERE {name} IS NOT NULL GROUP BY 1"
        )
        codes: dict[str, str | None] = {}
        for text, count in counts:
            if name == "platform":
                codes[text] = platform_code(text)
            elif name == "status":
                codes[text] = status_of(text, mapping.statuses)
                if codes[text] is None:
                    session.unknown_statuses[text] = count
            else:
                codes[text] = None
        session.con.register(
            f"{name}_codes",
            pa.table(
                {
                    "text": pa.array(codes, pa.string()),
                    "code": pa.array(codes.values(), pa.string()),
                    "state": pa.array(
                        map(_state, codes.values()) if name == "status" else [None] * len(codes),
                        pa.int64(),
                    ),
                    "refunded": pa.array(
                        [is_refunded(text, mapping.refunded) for text in codes], pa.bool_()
                    ),
                }
            ),
        )


def _state(code: str | None) -> int | None:
    """Order of statuses within one order: closed counts only when every row is closed."""
    return None if code is None else 1 if code == "closed" else STATUS_RANK[code] + 1


def _count_identities(session: Session) -> None:
    """Count masked, virtual and unreadable identities before they are left out."""
    names = [name for name in ("buyer", "phone", "member_no") if session.has(name)]
    if names:
        masked = " + ".join(f"coalesce(sum(yt_masked({name})::INT), 0)" for name in names)
        (count,) = session.one(f"SELECT {masked} FROM cells WHERE part = 1")
        session.counts["masked"] = int(count)
    if session.has("phone"):
        virtual = "phone_expires IS NOT NULL" if session.has("phone_expires") else "false"
        unreadable, hidden = session.one(
            f"""SELECT count(*) FILTER (NOT {virtual} AND yt_phone(phone) IS NULL),
            count(*) FILTER ({virtual}) FROM cells
            WHERE part = 1 AND phone IS NOT NULL AND NOT yt_masked(phone)"""
        )
        session.counts |= {"invalid_phones": unreadable, "virtual_phones": hidden}


def _parsed(session: Session) -> str:
    """SQL of one typed column per text column: `paid__0_v`, `paid_at_v`; each is read once."""
    parsed = []
    for name, cols in session.sources.items():
        kind = FIELD_BY_CODE[name].kind
        if kind == "time" and _same_time(session, name) == name:
            parsed.append(f"yt_time({name}) AS {name}_v")
        elif kind in ("money", "number"):
            macro = "yt_money" if kind == "money" else "yt_number"
            parsed += [f"{macro}({name}__{k}) AS {name}__{k}_v" for k in range(len(cols))]
    return ", ".join([*parsed, "NULL AS nothing"])


def _same_time(session: Session, name: str) -> str:
    """The first time field with the same columns: one column often serves two fields."""
    for other, cols in session.sources.items():
        if FIELD_BY_CODE[other].kind == "time" and cols == session.sources[name]:
            return other
    return name


def _columns(session: Session) -> list[str]:
    """SQL of the typed columns, NULL for fields the file does not have."""
    state = "status_codes.state" if session.has("status") else "NULL"
    columns = [f"{state}::BIGINT AS state", f"({_refunded(session)}) AS refunded"]
    for entry in FIELDS:
        name = entry.code
        if name in _NOT_TYPED:
            continue
        if entry.kind == "time":
            value = f"{_same_time(session, name)}_v" if session.has(name) else "NULL::BIGINT"
        elif entry.kind in ("money", "number"):
            value = _total(session, name)
        else:
            value = _text(session, name)
        columns.append(f"{value} AS {name}")
    return [*columns, f"{_line_amount(session)} AS amount"]


def _keys(session: Session) -> list[str]:
    """SQL of the columns that identify an order."""
    keys = ["order_id"]
    if "platform" in session.key:
        known = "(SELECT any_value(code) FROM platform_codes WHERE text = cells.platform)"
        keys.append(f"coalesce({known}, {quoted(session.fixed['platform'])}) AS platform")
    if "shop" in session.key:
        keys.append(f"coalesce(shop, {quoted(session.fixed['shop'])}) AS shop")
    return keys


def _refunded(session: Session) -> str:
    flags = [
        f"coalesce({name}_codes.refunded, false)"
        for name in ("status", "refund_status")
        if session.has(name)
    ]
    return " OR ".join(flags) if flags else "false"


def _total(session: Session, name: str) -> str:
    """SQL for the sum of a money or number field's columns; NULL when all of them are blank."""
    cells = [f"{name}__{k}_v" for k in range(len(session.sources.get(name, [])))]
    if not cells:
        return "NULL::DECIMAL(18,6)"
    if len(cells) == 1:
        return cells[0]
    total = " + ".join(f"coalesce({cell}, 0)" for cell in cells)
    return f"CASE WHEN coalesce({', '.join(cells)}) IS NOT NULL THEN {total} END"


def _text(session: Session, name: str) -> str:
    value = name if session.has(name) else "NULL::VARCHAR"
    if name in ("buyer", "member_no") and session.has(name):
        value = f"CASE WHEN NOT yt_masked({name}) THEN {name} END"
    if name == "phone" and session.has(name):
        usable = "NOT yt_masked(phone)"
        if session.has("phone_expires"):
            # A privacy number is another one for each order: it says nothing about the person.
            usable += " AND phone_expires IS NULL"
        value = f"CASE WHEN {usable} THEN yt_phone(phone) END"
    if name in ("province", "city") and session.has("address"):
        pattern = PROVINCE if name == "province" else CITY
        value = f"coalesce({value}, nullif(regexp_extract(address, '{pattern}', 1), ''))"
    constant = session.mapping.constants.get(name)
    return f"coalesce({value}, {quoted(constant)})" if constant else value


def _line_amount(session: Session) -> str:
    """SQL for the signed amount of a row's item: what it cost, negative when it came back."""
    quantity = _total(session, "quantity")
    negative = []
    if session.has("item_paid"):
        amount = _total(session, "item_paid")
        if session.has("quantity"):
            negative.append(f"{quantity} < 0")
    elif session.mapping.price_times_quantity and session.has("unit_price"):
        amount = f"({_total(session, 'unit_price')} * {quantity})"
    else:
        return "NULL::DECIMAL(18,6)"
    if session.mapping.cancel_prefix:
        negative.append(f"starts_with(order_id, {quoted(session.mapping.cancel_prefix)})")
    if negative:
        return f"CASE WHEN {' OR '.join(negative)} THEN -abs({amount}) ELSE {amount} END"
    return amount


def _checks(session: Session) -> list[Check]:
    """What makes a row unusable, in the order in which it is reported."""
    column = session.sources["order_id"][0]
    checks = [Check("order_id IS NULL", column, "missing_order_id", "NULL")]
    for name, cols in session.sources.items():
        kind = FIELD_BY_CODE[name].kind
        if kind == "time":
            unread = f"({name} IS NOT NULL AND {_same_time(session, name)}_v IS NULL)"
            checks.append(Check(unread, cols[0], "unreadable_time", name))
        if kind not in ("money", "number"):
            continue
        reason = "unreadable_amount" if kind == "money" else "unreadable_number"
        for k, col in enumerate(cols):
            cell = f"{name}__{k}"
            unread = f"({cell} IS NOT NULL AND {cell}_v IS NULL)"
            beyond = f"({unread} AND abs(try_cast(yt_bare({cell}) AS DOUBLE)) > {MAX_AMOUNT})"
            checks.append(Check(beyond, col, "too_large", cell))
            checks.append(Check(unread, col, reason, cell))
            checks.append(Check(f"abs({cell}_v) > {MAX_AMOUNT}", col, "too_large", cell))
    if session.mapping.price_times_quantity and session.has("unit_price"):
        too_large = f"abs({_line_amount(session)}) > {MAX_AMOUNT}"
        price = session.sources["unit_price"][0]
        checks.append(Check(too_large, price, "too_large", "unit_price__0"))
    return checks
