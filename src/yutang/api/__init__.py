"""The JSON API /api/v1: what the console can do, for other programs. Described by OpenAPI.

Each noun is one file with a `ROUTES` router, listed in `site.py`. A key belongs to one brand, so
no address names a brand.
"""

from yutang.api.site import make_api, mount

__all__ = ["make_api", "mount"]
