"""Kinds of source: which SDKs may send to it. Codes are those of `yutang source create --kind`."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class SourceKind:
    """`about_*`: when to choose it."""

    code: str
    zh: str
    en: str
    about_zh: str
    about_en: str


KINDS: tuple[SourceKind, ...] = (
    SourceKind(
        "sensors",
        "神策 SDK",
        "Sensors SDKs",
        "网站、微信小程序、App 与服务端的神策埋点",
        "tracking with Sensors in sites, mini-programs, apps and servers",
    ),
    SourceKind(
        "segment",
        "Segment / RudderStack",
        "Segment / RudderStack",
        "analytics.js 与各语言服务端 SDK",
        "analytics.js and the SDKs for servers",
    ),
    SourceKind(
        "posthog", "PostHog", "PostHog", "posthog-js 与服务端 SDK", "posthog-js and servers"
    ),
    SourceKind(
        "json",
        "自有 JSON",
        "plain JSON",
        "自己的程序直接发 HTTP 请求",
        "your own program sends HTTP requests",
    ),
)
BY_CODE = {kind.code: kind for kind in KINDS}


def source_kind(code: str) -> SourceKind:
    """The kind with this code; an unknown one is called by it."""
    return BY_CODE.get(code) or SourceKind(code, code, code, "", "")
