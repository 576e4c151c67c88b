"""The message crypto of WeCom and of official accounts (protocols 3.1 and 4.1).

Plain text = 16 random bytes, the message's length in bytes (4 bytes, big-endian), the
message, the receive id; padded to blocks of 32; AES-256-CBC under the account's key whose
first half is the IV. A signature is SHA-1 over the sorted parts.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from xml.sax.saxutils import escape

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from yutang.catalog.connecting import Refused

BLOCK = 32  # bytes; a standard unpadder knows 16 and fails on longer padding
_AES_BLOCK = 16
_HEAD = 20  # random bytes and length
_KEY = re.compile(r"[A-Za-z0-9+/]{43}")


def signature(*parts: str) -> str:
    """The hex SHA-1 of the sorted parts, as the platform signs."""
    return hashlib.sha1("".join(sorted(parts)).encode(), usedforsecurity=False).hexdigest()


def key_of(encoding_aes_key: str) -> bytes:
    """The 32 bytes behind 43 characters.

    The last character may carry bits that mean nothing, which strict decoders refuse.
    Raises ``ValueError`` for anything else than 43 characters of base64.
    """
    if not _KEY.fullmatch(encoding_aes_key):
        raise ValueError("an EncodingAESKey has 43 letters, digits, + or /")
    bits = binascii.a2b_base64(encoding_aes_key + "=", strict_mode=False)
    return bits[:32]


@dataclass(frozen=True, slots=True, repr=False)
class Crypto:
    """Seals and opens messages of one account.

    ``receive_id`` is the corp id, the suite id or the app id that every message must name.
    ``random`` gives random bytes; tests make it known.
    """

    token: str
    key: bytes
    receive_id: str
    random: Callable[[int], bytes] = secrets.token_bytes

    @classmethod
    def of(cls, token: str, encoding_aes_key: str, receive_id: str) -> Crypto:
        """The crypto of an account as its admin page shows it."""
        return cls(token, key_of(encoding_aes_key), receive_id)

    def verify(self, given: str, timestamp: str, nonce: str, encrypted: str) -> None:
        """Raise ``Refused`` (403) unless the signature covers these parts."""
        ours = signature(self.token, timestamp, nonce, encrypted)
        if not hmac.compare_digest(ours.encode(), given.encode()):
            raise Refused(403, "the signature does not fit the token")

    def open(self, encrypted: str) -> bytes:
        """The message in an encrypted text.

        Raises ``Refused``: 400 for what cannot be decrypted, 403 for somebody else's.
        """
        try:
            sealed = base64.b64decode(encrypted, validate=True)
        except (ValueError, binascii.Error):
            raise Refused(400, "the encrypted text is no base64") from None
        if not sealed or len(sealed) % _AES_BLOCK:
            raise Refused(400, "the encrypted text was cut")
        decryptor = Cipher(algorithms.AES(self.key), modes.CBC(self.key[:16])).decryptor()
        plain = decryptor.update(sealed) + decryptor.finalize()
        pad = plain[-1]
        if not 1 <= pad <= BLOCK or len(plain) < _HEAD + pad or plain[-pad:] != bytes([pad]) * pad:
            raise Refused(400, "the encrypted text is damaged or under another key")
        plain = plain[:-pad]
        end = _HEAD + int.from_bytes(plain[16:_HEAD], "big")
        if end > len(plain):
            raise Refused(400, "the message is shorter than it says")
        if not hmac.compare_digest(plain[end:], self.receive_id.encode()):
            raise Refused(403, "the message is for another receiver")
        return plain[_HEAD:end]

    def seal(self, message: bytes) -> str:
        """A message as encrypted text."""
        plain = (
            self.random(16) + len(message).to_bytes(4, "big") + message + self.receive_id.encode()
        )
        pad = BLOCK - len(plain) % BLOCK
        encryptor = Cipher(algorithms.AES(self.key), modes.CBC(self.key[:16])).encryptor()
        sealed = encryptor.update(plain + bytes([pad]) * pad) + encryptor.finalize()
        return base64.b64encode(sealed).decode()

    def reply(self, message: bytes, timestamp: str, nonce: str) -> str:
        """An encrypted passive reply, as XML."""
        encrypted = self.seal(message)
        signed = signature(self.token, timestamp, nonce, encrypted)
        return (
            f"<xml><Encrypt><![CDATA[{encrypted}]]></Encrypt>"
            f"<MsgSignature><![CDATA[{signed}]]></MsgSignature>"
            f"<TimeStamp>{escape(timestamp)}</TimeStamp>"
            f"<Nonce>{escape(nonce)}</Nonce></xml>"
        )
