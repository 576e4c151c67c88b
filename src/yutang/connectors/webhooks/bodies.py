"""What a webhook is sent, by kind: our own signed JSON, or a message of a WeCom group robot. Pure.

`json`: the body is signed, so that a receiver knows that it is ours and fresh. He computes
HMAC-SHA256 of `<timestamp>.<body>` with the secret, compares it in constant time with the header
`X-Yutang-Signature` (`sha256=<hex>`), and refuses timestamps older than five minutes.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Any

ROBOT_BYTES = 4_096  # of a robot's markdown content, UTF-8
_COLOURS = {"bad": "warning", "good": "info", "": "comment"}


def signature(secret: str, timestamp: int, body: bytes) -> str:
    """The value of X-Yutang-Signature; timestamp in Unix seconds.

    >>> signature("k", 1, b"{}")[:20]
    'sha256=3dd49b2593d0f'
    """
    signed = f"{timestamp}.".encode() + body
    return "sha256=" + hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()


def plain(
    number: int, secret: str, body: Mapping[str, Any], link: str, now: int
) -> tuple[bytes, dict[str, str]]:
    """Body and headers of kind `json`; now: UTC ms."""
    text = body["text"]
    told = {**body, "id": number, "text": text["en"], "text_zh": text["zh"], "link": link}
    raw = json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode()
    seconds = now // 1000
    return raw, {
        "X-Yutang-Id": str(number),
        "X-Yutang-Timestamp": str(seconds),
        "X-Yutang-Signature": signature(secret, seconds, raw),
    }


def robot(body: Mapping[str, Any], link: str) -> bytes:
    """A message in Markdown, cut to what a robot takes."""
    colour = _COLOURS.get(body.get("level", ""), "comment")
    head = f'**鱼塘** <font color="{colour}">●</font> '
    foot = f"\n[打开查看]({link})" if link.startswith(("http://", "https://")) else ""
    room = ROBOT_BYTES - len((head + foot).encode())
    content = head + cut(escaped(body["text"]["zh"]), room) + foot
    told = {"msgtype": "markdown", "markdown": {"content": content}}
    return json.dumps(told, ensure_ascii=False).encode()


def escaped(text: str) -> str:
    """Names that people gave make no links, colours or mentions."""
    marks = str.maketrans({"<": "＜", ">": "＞", "[": "［", "]": "］", "`": "｀", "*": "＊"})
    return text.translate(marks).replace("\n", " ")


def cut(text: str, most: int) -> str:
    """At most so many bytes of UTF-8, whole characters.

    >>> cut("鱼塘鱼塘", 9)
    '鱼塘…'
    """
    if len(text.encode()) <= most:
        return text
    return text.encode()[: most - 3].decode("utf-8", "ignore") + "…"


def robot_answer(status: int, raw: bytes) -> tuple[bool, str]:
    """A robot answers 200 also when it refuses: what counts is `errcode`."""
    try:
        said = json.loads(raw)
        code = int(said["errcode"])
    except (ValueError, KeyError, TypeError):
        return False, f"HTTP {status}"
    return status == 200 and code == 0, "ok" if code == 0 else f"errcode {code}"
