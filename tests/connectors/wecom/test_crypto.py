"""The message crypto: published vectors both ways, and everything that must be refused."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.connectors.sent import vectors
from yutang.catalog.connecting import Refused
from yutang.connectors.wecom.crypto import Crypto, key_of, signature

KEY = "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C"
CORP = "ww1234567890abcdef"
PUBLISHED = (*vectors("wecom_crypto"), *vectors("wecom_crypto_made_here"))
OURS = Crypto.of("QDG6eK", KEY, CORP)


def crypto_of(vector: dict[str, Any]) -> Crypto:
    return Crypto.of(vector["token"], vector["encoding_aes_key"], vector["receive_id"])


def sealed_raw(plain: bytes) -> str:
    """Whole blocks encrypted as they are: what an honest sender never sends."""
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

    key = key_of(KEY)
    encryptor = Cipher(algorithms.AES(key), modes.CBC(key[:16])).encryptor()
    return base64.b64encode(encryptor.update(plain) + encryptor.finalize()).decode()


@pytest.mark.parametrize("vector", PUBLISHED, ids=lambda vector: vector["name"])
def test_published_messages_are_opened_and_sealed_bit_for_bit(vector: dict[str, Any]) -> None:
    crypto = crypto_of(vector)
    plain = vector["plaintext"].encode()
    assert crypto.open(vector["encrypt"]) == plain
    if vector.get("signature_valid", True):
        crypto.verify(
            vector["msg_signature"], vector["timestamp"], vector["nonce"], vector["encrypt"]
        )
    random = bytes.fromhex(vector["random16_hex"])
    again = Crypto(crypto.token, crypto.key, crypto.receive_id, lambda _: random)
    if vector.get("reencrypt_matches", True):
        assert again.seal(plain) == vector["encrypt"]


def opened(crypto: Crypto, *parts: str) -> bytes:
    crypto.verify(*parts)
    return crypto.open(parts[-1])


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("neg_wrong_signature", 403),
        ("neg_wrong_receive_id", 403),
        ("neg_truncated_ciphertext", 400),
    ],
)
def test_bad_messages_are_refused(name: str, status: int) -> None:
    found = [one for one in vectors("wecom_crypto_negative") if one["name"] == name]
    if not found:
        pytest.skip("the vectors are not beside the project")
    (vector,) = found
    parts = [vector[part] for part in ("msg_signature", "timestamp", "nonce", "encrypt")]
    with pytest.raises(Refused) as refused:
        opened(crypto_of(vector), *parts)
    assert refused.value.status == status


@given(st.binary(max_size=3000), st.sampled_from([CORP, "wx1", "x" * 64]))
def test_what_is_sealed_is_opened(message: bytes, receiver: str) -> None:
    crypto = Crypto.of("t", KEY, receiver)
    assert crypto.open(crypto.seal(message)) == message


@given(st.data())
def test_no_changed_bit_passes_the_signature(data: st.DataObject) -> None:
    sealed = OURS.seal(b"<xml/>")
    at = data.draw(st.integers(0, len(sealed) - 1))
    other = data.draw(st.sampled_from("ABCxyz019+/").filter(lambda one: one != sealed[at]))
    signed = signature("QDG6eK", "1", "n", sealed)
    OURS.verify(signed, "1", "n", sealed)
    with pytest.raises(Refused):
        OURS.verify(signed, "1", "n", sealed[:at] + other + sealed[at + 1 :])


@given(st.binary(max_size=400))
def test_rubbish_is_refused_never_opened(rubbish: bytes) -> None:
    with pytest.raises(Refused):
        OURS.open(base64.b64encode(rubbish).decode())
    with pytest.raises(Refused):
        OURS.open(rubbish.decode("latin-1"))


def plain_with(length: int, tail: bytes, pad: int, size: int = 64) -> bytes:
    head = bytes(16) + length.to_bytes(4, "big") + b"<xml/>" + tail
    return head.ljust(size - pad, b"\0") + bytes([pad]) * pad


@pytest.mark.parametrize("pad", [0, 33, 200])
def test_an_impossible_padding_is_refused(pad: int) -> None:
    plain = (bytes(16) + (6).to_bytes(4, "big") + b"<xml/>" + CORP.encode()).ljust(95, b"\0")
    with pytest.raises(Refused) as refused:
        OURS.open(sealed_raw(plain + bytes([pad])))
    assert refused.value.status == 400


@pytest.mark.parametrize("length", [7 + len(CORP), 1000, 2**32 - 1])
def test_a_length_beyond_the_message_is_refused(length: int) -> None:
    plain = plain_with(length, CORP.encode(), 64 - 26 - len(CORP))
    with pytest.raises(Refused) as refused:
        OURS.open(sealed_raw(plain))
    assert refused.value.status == 400


def test_a_length_that_swallows_the_receiver_is_refused() -> None:
    plain = plain_with(6 + len(CORP), CORP.encode(), 64 - 26 - len(CORP))
    with pytest.raises(Refused) as refused:
        OURS.open(sealed_raw(plain))
    assert refused.value.status == 403


@pytest.mark.parametrize("key", ["", KEY[:-1], KEY + "A", KEY[:-1] + "=", KEY[:-1] + "é"])
def test_a_key_that_is_none_is_told(key: str) -> None:
    with pytest.raises(ValueError, match="43"):
        key_of(key)


def test_spare_bits_at_a_keys_end_mean_nothing() -> None:
    assert key_of(KEY) == key_of(KEY[:-1] + "D")
    assert len(key_of(KEY)) == 32


def test_a_reply_can_be_read_by_who_asked() -> None:
    from yutang.connectors.wecom.bodies import fields_of

    fields = fields_of(OURS.reply("好".encode(), "1700000000", "n<&").encode())
    assert fields["Nonce"] == "n<&"
    OURS.verify(fields["MsgSignature"], fields["TimeStamp"], fields["Nonce"], fields["Encrypt"])
    assert OURS.open(fields["Encrypt"]).decode() == "好"


def test_nothing_secret_is_in_what_is_printed() -> None:
    assert "QDG6eK" not in repr(OURS)
    assert repr(key_of(KEY)) not in repr(OURS)
