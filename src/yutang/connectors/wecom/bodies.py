"""Bodies of callbacks: XML without entities or JSON, as plain nested data."""

from __future__ import annotations

import json
from typing import Any
from xml.parsers import expat

from yutang.catalog.connecting import Refused

LARGEST = 1 << 20  # bytes of one body
DEEPEST = 12  # elements within elements
MOST = 20_000  # elements in one body

Fields = dict[str, Any]


class _Tree:
    """Collects elements; the same name again makes a list."""

    def __init__(self) -> None:
        self.root: Any = None
        self._open: list[tuple[str, Fields, list[str]]] = []
        self._count = 0

    def start(self, name: str, _: Any) -> None:
        self._count += 1
        if len(self._open) >= DEEPEST or self._count > MOST:
            raise Refused(400, "the XML is too deep or too long")
        self._open.append((name, {}, []))

    def text(self, data: str) -> None:
        if self._open:
            self._open[-1][2].append(data)

    def end(self, _: str) -> None:
        name, inner, text = self._open.pop()
        value: Any = inner or "".join(text).strip()
        if not self._open:
            self.root = value
            return
        parent = self._open[-1][1]
        if name not in parent:
            parent[name] = value
        elif isinstance(parent[name], list):
            parent[name].append(value)
        else:
            parent[name] = [parent[name], value]


def _no_dtd(*_: Any) -> None:
    raise Refused(400, "the XML declares a document type, which no platform does")


def _fields_of_xml(body: bytes) -> Any:
    tree = _Tree()
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = _no_dtd
    parser.EntityDeclHandler = _no_dtd
    parser.StartElementHandler = tree.start
    parser.CharacterDataHandler = tree.text
    parser.EndElementHandler = tree.end
    try:
        parser.Parse(body, True)
    except (expat.ExpatError, ValueError, LookupError):
        raise Refused(400, "the body is no well-formed XML") from None
    return tree.root


def fields_of(body: bytes) -> Fields:
    """The fields of an XML or JSON body; raises ``Refused`` (400) for anything else."""
    if len(body) > LARGEST:
        raise Refused(400, "the body is larger than a megabyte")
    text = body.lstrip(b"\xef\xbb\xbf \t\r\n")
    if text.startswith(b"<"):
        fields = _fields_of_xml(text)
    else:
        try:
            fields = json.loads(text)
        except (ValueError, RecursionError):
            raise Refused(400, "the body is neither XML nor JSON") from None
    if not isinstance(fields, dict):
        raise Refused(400, "the body holds no fields")
    return fields


def text_of(fields: Fields, *names: str) -> str:
    """The first of these fields that is there, as text; empty where none is."""
    for name in names:
        value = fields.get(name)
        if isinstance(value, str):
            return value
        if isinstance(value, int | float) and not isinstance(value, bool):
            return str(value)
    return ""


def number_of(fields: Fields, *names: str) -> int | None:
    """The first of these fields as a whole number; ``None`` where it is none."""
    text = text_of(fields, *names)
    try:
        return int(text)
    except ValueError:
        return None
