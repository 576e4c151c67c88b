"""`yutang demo`: an installation with two brands, filled through the real importers."""

from __future__ import annotations

import json
import os
import secrets
import tempfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from yutang import demo
from yutang.app import Services
from yutang.brand import Brand
from yutang.demo import DemoFile
from yutang.demo.group_events import PURPOSES
from yutang.errors import YutangError
from yutang.installation import Installation
from yutang.refresh import refresh
from yutang.reports import READY, make_ready, names_of
from yutang.settings import Settings

Progress = Callable[[str, float], None]

LOGIN = "demo"
REAL, SIMULATED = "real-data", "simulated"


def make_demo(home: Path, progress: Progress, *, customers: int = 60_000) -> Services:
    """Make or complete the demo in `home`; where it is complete this takes no time.

    progress(step, share of the whole 0–1). `customers` sizes the simulated brand.
    """
    Installation.create(home)
    services = Services.open(Settings(home=home))
    _brand(services, REAL, "真实数据", "complete_journey", demo.COMPLETE_JOURNEY_ZONE)
    _brand(services, SIMULATED, "模拟品牌", "simulation", demo.SIMULATION_ZONE)
    _account(services, home)
    done = _done(home)
    parts: tuple[tuple[str, float, float, Callable[[Path], list[DemoFile]]], ...] = (
        (REAL, 0.0, 0.5, lambda folder: demo.write_complete_journey(folder)),
        (SIMULATED, 0.5, 1.0, lambda folder: demo.write_simulation(folder, customers=customers)),
    )
    for slug, start, end, write in parts:
        if slug in done:
            continue
        with tempfile.TemporaryDirectory(dir=home, prefix="demo-files-") as folder:
            progress(f"{slug}: writing files", start)
            files = write(Path(folder))
            _load(services.brand(slug), files, progress, start, end)
            _dashboards(services.brand(slug))
            _groups(services.brand(slug))
        done.append(slug)
        (home / "demo.json").write_text(json.dumps(done))
    progress("ready", 1.0)
    return services


def password_of(home: Path) -> str:
    """The demo login's password, made once for this installation."""
    return (home / "demo-password").read_text().strip()


def _done(home: Path) -> list[str]:
    path = home / "demo.json"
    return list(json.loads(path.read_text())) if path.exists() else []


def _brand(services: Services, slug: str, name: str, key: str, zone: str) -> None:
    if services.installation.find_brand(slug) is None:
        text = demo.PROVENANCE[key]
        services.installation.add_brand(
            slug,
            name,
            zone=zone,
            label="simulated" if key == "simulation" else "real",
            provenance_zh=text["zh"],
            provenance_en=text["en"],
        )


def _account(services: Services, home: Path) -> None:
    path = home / "demo-password"
    if not path.exists():
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write("pond-" + secrets.token_hex(4) + "\n")
    account = services.staff.find_account(LOGIN)
    if account is None:
        account = services.staff.add_account(LOGIN, "演示", password_of(home), by="demo")
    for row in services.brands():
        services.staff.set_role(row.id, account.id, "admin", by="demo")


def _dashboards(brand: Brand) -> None:
    """The four ready ones, as whoever opens the page could make them."""
    if brand.dashboards.list_():
        return
    known = names_of(brand.shards())
    for ready in reversed(READY):  # the list begins with the one that was made last
        make_ready(ready, known, brand.dashboards, brand.reports, language="zh", by="demo")


def _groups(brand: Brand) -> None:
    """What the platform does not know of the simulated groups: what each is for, and when flash
    groups end."""
    first, last = brand.groups.last_days()
    flash = 0
    for one in brand.groups.table(first, last).groups:
        purpose = next((code for word, code in PURPOSES.items() if word in one.name), "")
        values = {"purpose": purpose}
        if purpose == "flash":
            flash += 1
            ends = last + timedelta(days=20 if flash % 3 else -9)
            values["dissolve_on"] = ends.isoformat()
        if purpose:
            brand.groups.change(one.key, by="demo", **values)


def _load(
    brand: Brand, files: list[DemoFile], progress: Progress, start: float, end: float
) -> None:
    """Import the files one by one, then make the caches once."""
    total = sum(file.rows for file in files) or 1
    passed = 0
    slug = brand.row.slug
    with brand.workspace.writer():
        for file in files:
            share = start + (end - start) * 0.75 * passed / total
            progress(f"{slug}: importing {file.path.name} ({file.rows:,} rows)", share)
            for platform, shop, domain in file.shops:
                brand.shops.declare(platform, shop, domain=domain, by="demo")
            one = brand.imports.add(file.path, kind=file.kind, filename=file.path.name, by="demo")
            brand.imports.queue(one.id, preset=file.preset or "")
            brand.audit.record("demo", "import_started", one.filename, {"import": one.id})
            ran = brand.imports.run(one.id)
            if ran.status != "done":
                raise YutangError(
                    "The demo's %(file)s could not be imported: %(why)s",
                    file=file.path.name,
                    why=(ran.error or {}).get("message", ran.status),
                )
            passed += file.rows
        refresh(brand, lambda step: progress(f"{slug}: {step}", start + (end - start) * 0.85))
