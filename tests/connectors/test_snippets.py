"""Lines to paste and samples: complete, for every kind, and readable by their own protocol."""

from __future__ import annotations

import ast

import pytest

from yutang.catalog.records import Limits
from yutang.catalog.source_kinds import KINDS
from yutang.connectors.posting import post
from yutang.connectors.samples import Sample, sample_of
from yutang.connectors.snippets import SNIPPETS, snippets_of
from yutang.connectors.tracking import PROTOCOLS
from yutang.receivers import ADDRESSES, Connecting
from yutang.settings import Settings

KEY = "k" * 32


def test_every_kind_has_an_address_and_lines_to_paste() -> None:
    assert set(ADDRESSES) == {kind.code for kind in KINDS}
    assert all(snippets_of(kind.code) for kind in KINDS)
    assert len({one.code for one in SNIPPETS}) == len(SNIPPETS)
    assert {one.kind for one in SNIPPETS} == set(ADDRESSES)


@pytest.mark.parametrize("snippet", SNIPPETS, ids=lambda one: one.code)
def test_address_and_key_are_filled_in(snippet) -> None:
    connecting = Connecting(Settings(public_url="https://t.example.com/"))
    text = {one.code: text for one, text in connecting.snippets(snippet.kind, "商城", KEY)}[
        snippet.code
    ]
    assert "__" not in text
    assert "https://t.example.com" in text
    assert KEY in text
    if "python" in snippet.code:
        ast.parse(text)


@pytest.mark.parametrize("kind", [kind.code for kind in KINDS])
def test_a_sample_is_read_by_its_own_protocol(kind: str) -> None:
    at = 1_795_000_000_000
    request = sample_of(
        kind, Sample("商城", KEY, "tested", "v-1", "test_id", "a1b2c3d4e5f60718", at)
    )
    protocol = next(one for one in PROTOCOLS if one.claims(request.method, request.path))
    assert protocol.code == kind
    assert protocol.write_key(request) == KEY
    assert protocol.reply(request).status == 200
    decoded = protocol.decode(request, Limits())
    assert decoded.bad == []
    (record,) = decoded.records
    assert (record.event, record.time) == ("tested", at)
    assert record.properties["test_id"] == "a1b2c3d4e5f60718"
    assert list(record.identities.values()) == ["v-1"]
    assert record.misfits == ()


def test_posting_says_why_nobody_answered() -> None:
    request = sample_of("json", Sample("s", KEY, "e", "v", "n", "ab" * 8, 1))
    status, why = post("http://127.0.0.1:9", request)
    assert status == 0
    assert "refused" in why.lower()
    assert post("http://", request)[0] == 0
    assert post("https://nobody.invalid", request)[0] == 0
