"""A plain page of the API's description: no script, nothing from anywhere else."""

from __future__ import annotations

from html import escape
from typing import Any

STYLE = """
body{font:15px/1.6 system-ui,"PingFang SC","Noto Sans CJK SC",sans-serif;max-width:60rem;
margin:2rem auto;padding:0 1rem;color:#1f2a2e}
code{font-family:ui-monospace,monospace;background:#eef3f3;padding:.1em .35em;border-radius:4px}
section{border-top:1px solid #d8e2e2;padding:.6rem 0}h2{margin:1.6rem 0 .4rem}
table{border-collapse:collapse;width:100%}td{padding:.2rem .6rem .2rem 0;vertical-align:top}
.verb{display:inline-block;min-width:4em;font-weight:600;color:#0b6e69}
"""


def page_of(schema: dict[str, Any]) -> str:
    """HTML of an OpenAPI description: operations by tag, with their parameters and answers."""
    by_tag: dict[str, list[str]] = {}
    for path, verbs in schema["paths"].items():
        for verb, operation in verbs.items():
            tag = (operation.get("tags") or ["other"])[0]
            by_tag.setdefault(tag, []).append(_operation(path, verb, operation))
    prefix = schema["servers"][0]["url"]
    parts = [f"<h2>{escape(tag)}</h2>{''.join(found)}" for tag, found in by_tag.items()]
    about = "".join(
        f"<p>{escape(text)}</p>" for text in schema["info"]["description"].strip().split("\n\n")
    )
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>Yutang API</title>'
        f'<meta name="viewport" content="width=device-width"><style>{STYLE}</style>'
        f"<h1>{escape(schema['info']['title'])}</h1>{about}"
        f"<p>Base address <code>{escape(prefix)}</code>; machine-readable description: "
        f'<a href="{escape(prefix)}/openapi.json">openapi.json</a>.</p>{"".join(parts)}</html>'
    )


def _operation(path: str, verb: str, operation: dict[str, Any]) -> str:
    rows = "".join(
        f"<tr><td><code>{escape(one['name'])}</code></td>"
        f"<td>{escape(str(one.get('description', '')))}</td></tr>"
        for one in operation.get("parameters", [])
    )
    table = f"<table>{rows}</table>" if rows else ""
    return (
        f'<section><span class="verb">{escape(verb.upper())}</span><code>{escape(path)}</code>'
        f"<p>{escape(operation.get('description') or operation.get('summary', ''))}</p>"
        f"{table}</section>"
    )
