"""Static files: read once, compressed once, served under a hashed address for a year."""

from __future__ import annotations

import gzip
import hashlib
import mimetypes
import re
from functools import cache
from pathlib import Path

from fastapi import APIRouter, Request, Response
from markupsafe import Markup

FOLDER = Path(__file__).parent / "static"
ROUTES = APIRouter()
COMPRESSED = {".css", ".js", ".svg"}
YEAR = "public, max-age=31536000, immutable"


@cache
def _digest(name: str) -> str:
    return hashlib.sha256((FOLDER / name).read_bytes()).hexdigest()[:12]


def static_url(name: str) -> str:
    """The address of a file below static/, with a digest of its content."""
    return f"/static/{_digest(name)}/{name}"


@cache
def _content(name: str, packed: bool) -> bytes:
    raw = (FOLDER / name).read_bytes()
    return gzip.compress(raw, 6, mtime=0) if packed else raw


@ROUTES.get("/static/{digest}/{name:path}", include_in_schema=False)
def static(request: Request, digest: str, name: str) -> Response:
    path = (FOLDER / name).resolve()
    if not path.is_relative_to(FOLDER) or not path.is_file() or path.name.startswith("."):
        return Response(status_code=404)
    packed = path.suffix in COMPRESSED and "gzip" in request.headers.get("accept-encoding", "")
    headers = {"Cache-Control": YEAR, "Vary": "Accept-Encoding"}
    if digest != _digest(name):
        headers["Cache-Control"] = "no-cache"  # an old page asks for the new file: do not keep it
    if packed:
        headers["Content-Encoding"] = "gzip"
    kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    return Response(_content(name, packed), media_type=kind, headers=headers)


@cache
def icon(name: str, size: int = 18) -> Markup:
    """An icon of the vendored set, drawn in the text's colour and hidden from screen readers."""
    svg = (FOLDER / "vendor" / "icons" / f"{name}.svg").read_text("utf-8")
    body = "".join(re.findall(r"<(?:path|circle|rect|line)[^>]*/>", svg))
    body = body.replace('<path stroke="none" d="M0 0h24v24H0z" fill="none" />', "")
    return Markup(  # noqa: S704 - our own pinned file
        f'<svg class="i" width="{size}" height="{size}" viewBox="0 0 24 24" fill="none" '
        f'stroke="currentColor" stroke-width="1.75" stroke-linecap="round" '
        f'stroke-linejoin="round" aria-hidden="true">{body}</svg>'
    )
