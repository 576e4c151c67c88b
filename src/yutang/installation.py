"""An installation: a folder that holds its own database, a secret and one folder per brand."""

from __future__ import annotations

import os
import re
import secrets
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy import insert, select

from yutang.errors import BadInput, Conflict, NotFound
from yutang.ingest import register_projected
from yutang.kit import clock
from yutang.lake import Lake
from yutang.state import Database, open_brand, open_installation
from yutang.state.installation import brands
from yutang.workspace import Workspace

SLUG = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")


@dataclass(frozen=True)
class BrandRow:
    """A brand as the installation knows it. `label` is real or simulated."""

    id: int
    slug: str
    name: str
    label: str
    provenance_zh: str
    provenance_en: str
    zone: str
    created_at: int


class Installation:
    """One folder. `Installation.create` makes it, `Installation.open` opens it."""

    def __init__(self, home: Path, db: Database, secret: bytes) -> None:
        self.home = home
        self.db = db
        self.secret = secret

    @classmethod
    def create(cls, home: Path) -> Installation:
        """Make the folder, or open it where it is one already.

        Raises Conflict where the folder holds something else.
        """
        home = home.resolve()
        if (home / "installation.db").exists():
            return cls.open(home)
        if home.exists() and any(home.iterdir()):
            raise Conflict(
                "%(folder)s is not empty and not an installation.",
                hint="Choose a new folder.",
                folder=home,
            )
        home.mkdir(parents=True, exist_ok=True)
        os.chmod(home, 0o700)
        key = home / "secret.key"
        with os.fdopen(os.open(key, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(secrets.token_bytes(32))
            file.flush()
            os.fsync(file.fileno())  # lost, it would make every known phone a stranger
        (home / "brands").mkdir(exist_ok=True)
        open_installation(home / "installation.db").close()
        return cls.open(home)

    @classmethod
    def open(cls, home: Path) -> Installation:
        """Raises NotFound where the folder is no installation."""
        home = home.resolve()
        if not (home / "installation.db").exists() or not (home / "secret.key").exists():
            raise NotFound(
                "There is no installation in %(folder)s.",
                hint="Make one with `yutang init %(folder)s`, or set YUTANG_HOME.",
                folder=home,
            )
        return cls(
            home, open_installation(home / "installation.db"), (home / "secret.key").read_bytes()
        )

    # --- brands ------------------------------------------------------------------------------
    def brands(self) -> list[BrandRow]:
        columns = [brands.c[name] for name in BrandRow.__dataclass_fields__]
        with self.db.read() as connection:
            query = select(*columns).order_by(brands.c.id)
            return [BrandRow(*row) for row in connection.execute(query)]

    def find_brand(self, name: str) -> BrandRow | None:
        """By slug or by name."""
        return next((one for one in self.brands() if name in (one.slug, one.name)), None)

    def get_brand(self, name: str = "") -> BrandRow:
        """The brand of this slug or name; without one, the first. Raises NotFound."""
        found = self.find_brand(name) if name else next(iter(self.brands()), None)
        if found is None:
            known = ", ".join(one.slug for one in self.brands()) or "none"
            raise NotFound(
                "There is no brand “%(name)s”.", hint="Brands: %(known)s.", name=name, known=known
            )
        return found

    def add_brand(
        self,
        slug: str,
        name: str,
        *,
        zone: str = "Asia/Shanghai",
        label: str = "real",
        provenance_zh: str = "",
        provenance_en: str = "",
        now: clock.Clock = clock.now_ms,
    ) -> BrandRow:
        """Make a brand's workspace. Raises BadInput, and Conflict where the slug is taken."""
        if not SLUG.fullmatch(slug):
            raise BadInput(
                "“%(slug)s” cannot be a brand's short name.",
                hint="Use small letters, digits and hyphens.",
                slug=slug,
            )
        if self.find_brand(slug):
            raise Conflict("There is a brand “%(slug)s” already.", slug=slug)
        try:
            ZoneInfo(zone)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise BadInput("There is no time zone “%(zone)s”.", zone=zone) from error
        with self.db.write() as connection:
            connection.execute(
                insert(brands).values(
                    slug=slug,
                    name=name or slug,
                    zone=zone,
                    label=label,
                    provenance_zh=provenance_zh,
                    provenance_en=provenance_en,
                    created_at=now(),
                )
            )
        workspace = self.workspace(self.get_brand(slug))
        with workspace.db.write() as connection:
            register_projected(connection, now())
        workspace.db.close()
        return self.get_brand(slug)

    def workspace(self, brand: BrandRow, now: clock.Clock = clock.now_ms) -> Workspace:
        """Open a brand's folder."""
        root = self.home / "brands" / brand.slug
        root.mkdir(parents=True, exist_ok=True)
        return Workspace(
            slug=brand.slug,
            root=root,
            zone=brand.zone,
            db=open_brand(root / "state.db"),
            lake=Lake(root / "lake"),
            secret=self.secret,
            now=now,
        )
