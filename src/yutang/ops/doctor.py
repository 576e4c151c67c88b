"""`yutang doctor`: what is wrong with an installation and how to mend it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from yutang.errors import Busy
from yutang.kit import clock
from yutang.ops import brand_checks, business_checks, home_checks
from yutang.ops.findings import BrandDetector, BrandParts, Finding, Home, HomeDetector, Patient

# Add a detector here: a function that yields findings, in the module of its kind
# (home_checks: folder and machine; brand_checks: stores and caches; business_checks: the trade),
# one line in this list, and a test in tests/ops/test_doctor.py that breaks the thing and looks.
DETECTORS: tuple[HomeDetector | BrandDetector, ...] = (
    HomeDetector("python_and_libraries", home_checks.python_and_libraries),
    HomeDetector("folder", home_checks.folder),
    HomeDetector("secret", home_checks.secret),
    HomeDetector("disk", home_checks.disk),
    HomeDetector("databases", home_checks.databases),
    HomeDetector("left_by_a_backup", home_checks.left_by_a_backup),
    HomeDetector("front_end", home_checks.front_end),
    HomeDetector("kernels", home_checks.kernels),
    BrandDetector("half_done", brand_checks.half_done),
    BrandDetector("failed_imports", brand_checks.failed_imports),
    BrandDetector("lake_files", brand_checks.lake_files),
    BrandDetector("lake_and_state", brand_checks.lake_and_state),
    BrandDetector("key_index", brand_checks.key_index),
    BrandDetector("crowded_days", brand_checks.crowded_days),
    BrandDetector("caches", brand_checks.caches),
    BrandDetector("write_ahead_log", brand_checks.write_ahead_log),
    BrandDetector("journal_waiting", brand_checks.journal_waiting),
    BrandDetector("nothing_yet", business_checks.nothing_yet),
    BrandDetector("sources", business_checks.sources),
    BrandDetector("no_events", business_checks.no_events),
    BrandDetector("stale", business_checks.stale),
    BrandDetector("waiting_in_quarantine", business_checks.waiting_in_quarantine),
)
# With one of these a database is not opened: opening would upgrade or fail.
CLOSED = {"home", "secret", "database", "newer", "older"}
LEVELS = ("error", "warning", "hint")

Opener = Callable[[], BrandParts]


def examine(
    home: Path,
    open_brands: Callable[[], Iterable[tuple[str, Opener]]],
    *,
    worker_up: Callable[[], bool],
    has_accounts: Callable[[], bool],
    now: clock.Clock = clock.now_ms,
) -> list[Finding]:
    """All findings, errors first. `open_brands` gives slug and opener of each brand."""
    found = [
        finding
        for detector in DETECTORS
        if isinstance(detector, HomeDetector)
        for finding in detector.look(Home(home))
    ]
    closed = {one.where for one in found if one.code in CLOSED}
    if "" not in closed:
        up = worker_up()
        if not up:
            found.append(_no_worker())
        if not has_accounts():
            found.append(_nobody())
        for slug, opener in open_brands():
            if slug not in closed:
                found += _of_brand(slug, opener, up, now())
    return sorted(found, key=lambda one: LEVELS.index(one.level))


def _of_brand(slug: str, opener: Opener, worker_up: bool, now: int) -> Iterator[Finding]:
    try:
        brand = opener()
        patient = Patient(brand, _is_quiet(brand), worker_up, now)
        for detector in DETECTORS:
            if isinstance(detector, BrandDetector):
                yield from detector.look(patient)
    except SQLAlchemyError as error:
        yield Finding(
            "brand", "error", "The brand cannot be examined: %(why)s",
            "Restore the newest backup with `yutang restore`.",
            slug, {"why": str(error.__cause__ or error)},
        )  # fmt: skip


def _is_quiet(brand: BrandParts) -> bool:
    try:
        with brand.workspace.writer(wait=False):
            return True
    except Busy:
        return False


def _no_worker() -> Finding:
    return Finding(
        "worker", "hint", "No worker is running: the command line does the work itself.",
        "`yutang serve` starts one; files uploaded in the console wait until then.",
    )  # fmt: skip


def _nobody() -> Finding:
    return Finding(
        "accounts", "hint", "Nobody can log in to the console yet.",
        "Add yourself: `yutang account add LOGIN`.",
    )  # fmt: skip
