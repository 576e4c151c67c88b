"""Bodies: compression, base64 and forms, within limits."""

import base64
import gzip
import tracemalloc
import zlib
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yutang.catalog.records import Limits
from yutang.connectors.wire.bodies import (
    Unusable,
    base64_text,
    form_value,
    inflate,
    query_text,
    unbase64,
    uncompressed,
)

LIMITS = Limits()


@given(st.binary(max_size=2_000))
def test_what_was_packed_comes_out(data):
    assert inflate(gzip.compress(data), LIMITS) == data
    assert unbase64(base64_text(quote(base64.b64encode(data), safe="").encode())) == data


def test_all_members_of_a_gzip_file_count_and_padding_does_not():
    packed = gzip.compress(b"one ") + gzip.compress(b"two")
    assert inflate(packed + b"\0" * 10, LIMITS) == b"one two"


def test_gzip_is_seen_in_the_bytes_and_not_in_the_header():
    assert uncompressed(gzip.compress(b"{}"), "", LIMITS) == b"{}"
    assert uncompressed(b"{}", "gzip", LIMITS) == b"{}"
    assert uncompressed(zlib.compress(b"{}"), "deflate", LIMITS) == b"{}"


@pytest.mark.parametrize("damage", [lambda z: z[:-9], lambda z: z[:10] + b"\xff" * 30])
def test_damaged_gzip_is_unusable(damage):
    with pytest.raises(Unusable) as found:
        inflate(damage(gzip.compress(b"abc" * 100)), LIMITS)
    assert found.value.reason == "damaged_body"


def test_a_zip_bomb_stops_at_the_limit():
    small = Limits(inflated=1_000_000)
    bomb = gzip.compress(bytes(200_000_000), 1)
    tracemalloc.start()
    with pytest.raises(Unusable) as found:
        uncompressed(bomb, "gzip", small)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert found.value.reason == "too_large"
    assert peak < 4 * small.inflated


def test_many_small_members_stop_at_the_limit_too():
    bomb = gzip.compress(bytes(100_000)) * 200
    with pytest.raises(Unusable) as found:
        inflate(bomb, Limits(inflated=1_000_000))
    assert found.value.reason == "too_large"


def test_a_body_over_the_limit_is_not_even_looked_at():
    with pytest.raises(Unusable) as found:
        uncompressed(b"x" * 11, "", Limits(body=10))
    assert found.value.reason == "too_large"


def test_base64_survives_careless_hands():
    data = bytes(range(256))
    text = base64.b64encode(data)
    for sent in (
        text.replace(b"+", b" "),
        text.rstrip(b"="),
        text.replace(b"+", b"%2b").replace(b"/", b"%2f"),
        text.replace(b"+", b"-").replace(b"/", b"_"),
    ):
        assert unbase64(base64_text(sent)) == data


def test_base64_of_an_impossible_length_is_damaged():
    with pytest.raises(Unusable):
        unbase64(b"YWJjY")


def test_fields_of_a_form():
    form = b"my_data=0&data=a%2Bb&gzip=1&data=second"
    assert form_value(form, b"data") == b"a%2Bb"
    assert form_value(form, b"data_list") is None
    assert form_value(b"data=", b"data") == b""
    assert query_text(b"token=a%20b+c&x=1", b"token") == "a b c"
    assert query_text(b"x=1", b"token") == ""
