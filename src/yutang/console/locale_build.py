"""Keep the Chinese catalogue in step with the sources.

python -m yutang.console.locale_build            check: every message is translated (exit 1 if not)
python -m yutang.console.locale_build --update   add new messages, drop those no longer said

Messages come from templates (`_()` and `trans`), from Python calls of `mark` anywhere, of `text`
and `_` in the console, and from our errors: their first argument and `hint`. Catalogues are read as
.po; nothing is compiled.
"""

from __future__ import annotations

import argparse
import ast
import sys
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from babel.messages.pofile import read_po, write_po

from yutang import errors
from yutang.console.language import LOCALES

SOURCES = Path(__file__).parent.parent
FOLDER = Path(__file__).parent
CATALOGUE = LOCALES / "zh" / "LC_MESSAGES" / "messages.po"
# Their errors are for whoever sits at the machine, or for programs: those speak English.
NEVER_ON_A_PAGE = (
    *("worker.py", "serve.py", "demo_home.py", "installation.py"),
    *("cli/", "ops/", "demo/", "api/", "collect/", "mcp/", "notebook/"),
)
CALLS = {"mark", "text", "_", "gettext", "said"}
LINE_WIDTH = 100


def messages() -> Iterator[tuple[str, str]]:
    """(message, where) of every message that can be shown."""
    for path in sorted(FOLDER.rglob("*.html")):
        yield from _of_template(path)
    for path in sorted(SOURCES.rglob("*.py")):
        if not str(path.relative_to(SOURCES)).startswith(NEVER_ON_A_PAGE):
            yield from _of_module(path)


def _of_template(path: Path) -> Iterator[tuple[str, str]]:
    options = {
        "trimmed": "false",
        "silent": "false",
        "extensions": "jinja2.ext.do",
        "newstyle_gettext": "true",
        "trim_blocks": "true",
        "lstrip_blocks": "true",
    }
    with path.open("rb") as file:
        for _line, message, _comments, _context in extract(
            "jinja2.ext:babel_extract", file, options=options
        ):
            for one in message if isinstance(message, tuple) else (message,):
                yield one, str(path.relative_to(SOURCES))


def _of_module(path: Path) -> Iterator[tuple[str, str]]:
    """Messages of calls; loops over literal words inside a call of `text` are not understood."""
    where = str(path.relative_to(SOURCES))
    names = _error_names()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if not isinstance(node, ast.Call):
            continue
        called = node.func.attr if isinstance(node.func, ast.Attribute) else ""
        called = node.func.id if isinstance(node.func, ast.Name) else called
        console = path.is_relative_to(FOLDER)
        if called in names or called == "mark" or (called in CALLS and console):
            values = [*node.args[:1], *(k.value for k in node.keywords if k.arg == "hint")]
            for value in values:
                for part in _texts(value):
                    yield part, where


def _texts(value: ast.expr) -> Iterator[str]:
    """The literal texts an argument can be: a text, or either side of an `if`."""
    if isinstance(value, ast.Constant) and isinstance(value.value, str) and value.value:
        yield value.value
    elif isinstance(value, ast.IfExp):
        yield from _texts(value.body)
        yield from _texts(value.orelse)


def _error_names() -> set[str]:
    """Names of the error tree; subclasses elsewhere end in what they say went wrong."""
    base = {
        name
        for name, one in vars(errors).items()
        if isinstance(one, type) and issubclass(one, errors.YutangError)
    }
    return base | {"LoginFailed", "LoginLocked"}


def current() -> Catalog:
    with CATALOGUE.open("rb") as file:
        return read_po(file, locale="zh")


def build() -> Catalog:
    """The catalogue the sources ask for, with the translations there are."""
    known = {m.id: m.string for m in current() if m.id}
    made = Catalog(locale="zh", project="Yutang", charset="utf-8")
    made.mime_headers = [
        (name, value)
        for name, value in made.mime_headers
        if name in ("Language", "MIME-Version", "Content-Type", "Content-Transfer-Encoding")
    ]
    places: dict[str, set[str]] = {}
    for message, where in messages():
        places.setdefault(message, set()).add(where)
    for message, where_all in places.items():
        locations = [(where, None) for where in sorted(where_all)]
        made.add(message, known.get(message, ""), locations=locations)  # type: ignore[arg-type]
    return made


def untranslated(catalogue: Catalog) -> list[str]:
    return [str(m.id) for m in catalogue if m.id and not m.string]


def update() -> Catalog:
    made = build()
    with CATALOGUE.open("wb") as file:
        write_po(
            file, made, width=LINE_WIDTH, sort_output=True, omit_header=False, include_lineno=False
        )
    return made


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--update", action="store_true")
    made = update() if parser.parse_args().update else build()
    missing = untranslated(made)
    for message in missing:
        print(f"untranslated: {message}")
    sys.exit(1 if missing else 0)


if __name__ == "__main__":
    main()
