"""A message's `context` in the words of the presets that all sources share."""

from __future__ import annotations

from typing import Any

# (where in the context) → our preset
PRESETS: dict[tuple[str, ...], str] = {
    ("page", "url"): "$url",
    ("page", "path"): "$url_path",
    ("page", "search"): "$url_query",
    ("page", "referrer"): "$referrer",
    ("page", "title"): "$title",
    ("campaign", "source"): "$utm_source",
    ("campaign", "medium"): "$utm_medium",
    ("campaign", "name"): "$utm_campaign",
    ("campaign", "content"): "$utm_content",
    ("campaign", "term"): "$utm_term",
    ("library", "name"): "$lib",
    ("library", "version"): "$lib_version",
    ("app", "name"): "$app_name",
    ("app", "version"): "$app_version",
    ("os", "name"): "$os",
    ("os", "version"): "$os_version",
    ("device", "manufacturer"): "$manufacturer",
    ("device", "model"): "$model",
    ("screen", "width"): "$screen_width",
    ("screen", "height"): "$screen_height",
    ("network", "carrier"): "$carrier",
    ("userAgent",): "$user_agent",
    ("locale",): "$locale",
    ("timezone",): "$timezone",
    ("ip",): "$ip",
}
_TOP = {path[0]: name for path, name in PRESETS.items() if len(path) == 1}
_INSIDE: dict[str, dict[str, str]] = {}
for _path, _name in PRESETS.items():
    if len(_path) == 2:
        _INSIDE.setdefault(_path[0], {})[_path[1]] = _name
PAGE = _INSIDE["page"]  # a page message repeats them in its properties


def presets(context: Any) -> dict[str, Any]:
    """What the context says, by preset; single values only.

    >>> presets({"page": {"path": "/a"}, "campaign": {"name": "618"}, "screen": None})
    {'$url_path': '/a', '$utm_campaign': '618'}
    """
    made: dict[str, Any] = {}
    if type(context) is not dict:
        return made
    for part, value in context.items():
        if part in _TOP:
            made[_TOP[part]] = value
        elif part in _INSIDE and type(value) is dict:
            names = _INSIDE[part]
            for key, inside in value.items():
                if key in names:
                    made[names[key]] = inside
    return {k: v for k, v in made.items() if v is not None and type(v) not in (list, dict)}
