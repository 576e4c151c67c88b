"""SQL that reads one cell: tidy text, ids, money, numbers, times, phones.

All of it works on whole columns inside DuckDB. Each macro tries the plain form first and falls
back to the forgiving one only for the cells that need it, so clean files cost nothing extra.
"""

from __future__ import annotations

# Text that means "nothing" in one export or another.
NULL_WORDS = (
    "", "-", "--", "—", "——", "/", "null", "NULL", "Null", "None", "none", "nan", "NaN", "N/A",
    "n/a", "#N/A", "\\N", "0000-00-00", "0000-00-00 00:00:00",
)  # fmt: skip
BLANK_CHARS = (9, 10, 11, 12, 13, 32, 160, 8203, 8204, 8205, 12288, 65279)
# A cell whose first or last character asks for tidying: a blank, a quote, an equals sign …
UNTIDY = r"^[^0-9A-Za-z\x{4e00}-\x{9fff}]|[\s\x{a0}\x{3000}\x{200b}-\x{200d}\x{feff}\"']$"
# The value inside ="…", after ', inside "…", or simply between blanks.
_BLANK = r"[\s\x{a0}\x{3000}\x{200b}-\x{200d}\x{feff}]*"
WRAPPED = (
    rf'^{_BLANK}(?:="{_BLANK}(.*?){_BLANK}"|"{_BLANK}(.*?){_BLANK}"|'
    rf"'{_BLANK}(.*?)|(.*?)){_BLANK}$"
)
# What a spreadsheet makes of a long id: 3.51234567890123E+18.
DESTROYED_ID = r"^[\s=\"']*[+-]?\d(\.\d+)?[eE]\+\d{2,}[\s\"']*$"
MASKED = r"[*＊#]|\$\$|[•●]{2,}"
MONEY_NOISE = r"[\s\x{3000}\x{a0}￥¥$元,，]|RMB|CNY|人民币"
UNITS = r"(件|个|盒|瓶|支|包|袋|套|份|张|次|kg|g|斤|米)$"
MAINLAND_PHONE = r"^(\+|00)?(86)?[- ]?(1[3-9]\d)[- ]?(\d{4})[- ]?(\d{4})$"
FOREIGN_PHONE = r"^\+[1-9]\d{0,3}[- ]?\d[\d -]{4,14}$"
PLAIN_TIME = r"^\d{4}[-/]\d{1,2}[-/]\d{1,2}([ T]\d{1,2}:\d{1,2}(:\d{1,2}(\.\d+)?)?)?$"
OFFSET_TIME = r"\d:\d\d.*([zZ]|[+-]\d\d:?\d\d)$"
# Times outside are slips of the pen: no shop has orders before 1970 or after 2100.
FIRST_MS, LAST_MS = 0, 4_102_444_800_000
# Excel's day 1 is 1900-01-01 and it believes in 1900-02-29, so day 0 is 1899-12-30.
EXCEL_EPOCH_MS = -2_209_161_600_000
SERIAL_DAYS = (20_000, 80_000)  # 1954 to 2119
# More than ten thousand million yuan in one cell is a misplaced id, and would overflow sums.
MAX_AMOUNT = 10_000_000_000
# Amounts keep six decimals exactly (a ten-thousandth of a fen); further ones are rounded half up.
AMOUNT_TYPE = "DECIMAL(18,6)"

_BLANKS = " || ".join(f"chr({code})" for code in BLANK_CHARS)
_WORDS = ", ".join("'" + word + "'" for word in NULL_WORDS)
_DAY_FIRST = ("%d/%m/%Y", "%d-%m-%Y", "%d.%m.%Y")
_MONTH_FIRST = ("%m/%d/%Y", "%m-%d-%Y", "%m.%d.%Y")
_CLOCKS = ("", " %H:%M", " %H:%M:%S", " %I:%M %p", " %I:%M:%S %p")


def _written_orders(days: tuple[str, ...]) -> str:
    return ", ".join(f"'{day}{clock}'" for day in days for clock in _CLOCKS)


def quoted(text: str) -> str:
    """A text as an SQL literal."""
    return "'" + text.replace("'", "''") + "'"


def macros(zone: str, date_order: str) -> list[str]:
    """The CREATE MACRO statements; `zone` must have been checked to be a zone's name.

    yt_untidy(x)  whether a cell asks for tidying; yt_destroyed(x) whether it was a long id
    yt_masked(x)  whether platform masking replaced characters
    yt_plain(x)   blanks and null words -> NULL
    yt_tidy(x)    the same after trimming and undoing ="…" and a leading '
    yt_id(x)      12345.0 -> 12345
    yt_money(x)   exact decimal or NULL; yt_number(x) also reads 10% and 3件
    yt_time(x)    UTC milliseconds or NULL
    yt_phone(x)   11 digits, or E.164 for numbers from abroad, or NULL
    """
    day_forms = {"mdy": _written_orders(_MONTH_FIRST), "dmy": _written_orders(_DAY_FIRST)}
    forms = day_forms.get(date_order)
    day_first = f"try_strptime(x, [{forms}])" if forms else "NULL"
    local = f"epoch_ms(timezone('{zone}', "
    return [
        f"CREATE MACRO yt_untidy(x) AS regexp_matches(x, {quoted(UNTIDY)})",
        f"""CREATE MACRO yt_destroyed(x) AS
            contains(x, '+') AND regexp_matches(x, {quoted(DESTROYED_ID)})""",
        f"CREATE MACRO yt_plain(x) AS CASE WHEN x IN ({_WORDS}) THEN NULL ELSE x END",
        f"CREATE MACRO yt_trim(x) AS trim(x, {_BLANKS})",
        f"CREATE MACRO yt_tidied(x) AS regexp_replace(x, {quoted(WRAPPED)}, '\\1\\2\\3\\4', 's')",
        """CREATE MACRO yt_tidy(x) AS CASE
            WHEN yt_untidy(x) THEN yt_plain(yt_tidied(x)) ELSE yt_plain(x) END""",
        r"""CREATE MACRO yt_id(x) AS CASE
            WHEN ends_with(x, '.0') THEN regexp_replace(x, '^(\d+)\.0+$', '\1') ELSE x END""",
        f"""CREATE MACRO yt_bare(x) AS regexp_replace(regexp_replace(
            translate(x, '－−（）', '--()'), '{MONEY_NOISE}', '', 'g'), '^\\((.*)\\)$', '-\\1')""",
        f"""CREATE MACRO yt_money(x) AS coalesce(try_cast(x AS {AMOUNT_TYPE}),
            try_cast(yt_bare(x) AS {AMOUNT_TYPE}))""",
        f"""CREATE MACRO yt_number(x) AS coalesce(try_cast(x AS {AMOUNT_TYPE}),
            CASE WHEN ends_with(x, '%')
                THEN try_cast(try_cast(yt_bare(x[:-2]) AS DECIMAL(16,4)) / 100 AS {AMOUNT_TYPE})
                ELSE try_cast(regexp_replace(yt_bare(x), '{UNITS}', '') AS {AMOUNT_TYPE}) END)""",
        r"""CREATE MACRO yt_written_time(x) AS yt_trim(regexp_replace(regexp_replace(
            translate(replace(x, '日', ' '), '年月时分', '--::'), '秒|:\s*$', '', 'g'),
            '^(\d{4})\.(\d{1,2})\.(\d{1,2})', '\1-\2-\3'))""",
        rf"""CREATE MACRO yt_odd_time(x) AS CASE
            WHEN regexp_matches(x, '^\d{{13}}$') THEN try_cast(x AS BIGINT)
            WHEN regexp_matches(x, '^\d{{10}}$') THEN try_cast(x AS BIGINT) * 1000
            WHEN regexp_matches(x, '^\d{{14}}$')
                THEN {local}try_strptime(x, '%Y%m%d%H%M%S')))
            WHEN regexp_matches(x, '^\d{{8}}$') THEN {local}try_strptime(x, '%Y%m%d')))
            WHEN try_cast(x AS DOUBLE) BETWEEN {SERIAL_DAYS[0]} AND {SERIAL_DAYS[1]}
                THEN {local}make_timestamp_ms({EXCEL_EPOCH_MS}
                    + round(try_cast(x AS DOUBLE) * 86400000)::BIGINT)))
            WHEN regexp_matches(x, '{OFFSET_TIME}')
                THEN epoch_ms(try_cast(replace(x, '/', '-') AS TIMESTAMPTZ))
            ELSE coalesce({local}{day_first})),
                {local}try_cast(yt_written_time(x) AS TIMESTAMP)))) END""",
        f"""CREATE MACRO yt_any_time(x) AS CASE WHEN regexp_matches(x, '{PLAIN_TIME}')
            THEN {local}try_cast(x AS TIMESTAMP))) ELSE yt_odd_time(x) END""",
        f"""CREATE MACRO yt_in_range(ms) AS CASE
            WHEN ms > {FIRST_MS} AND ms < {LAST_MS} THEN ms END""",
        "CREATE MACRO yt_time(x) AS yt_in_range(yt_any_time(x))",
        f"CREATE MACRO yt_masked(x) AS regexp_matches(x, {quoted(MASKED)})",
        rf"""CREATE MACRO yt_phone(x) AS CASE
            WHEN regexp_matches(x, '^1[3-9]\d{{9}}$') THEN x
            WHEN regexp_matches(x, '{MAINLAND_PHONE}')
                THEN regexp_replace(x, '{MAINLAND_PHONE}', '\3\4\5')
            WHEN regexp_matches(x, '{FOREIGN_PHONE}') AND NOT starts_with(x, '+86')
                THEN '+' || regexp_replace(x, '[^0-9]', '', 'g') END""",
    ]
