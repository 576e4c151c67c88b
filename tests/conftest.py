"""For all tests.

Hypothesis takes the time it needs (machines differ; speed has its own benchmarks) and tries the
same examples each time, so that a change is judged by what it changes; `make fuzz` tries others.
"""

from collections.abc import Iterator

import pytest
from hypothesis import settings

from tests import quick_databases
from yutang.state import database

settings.register_profile("same", deadline=None, derandomize=True)
settings.register_profile("other", deadline=None, print_blob=True)
settings.load_profile("same")


# Fixtures that make a whole installation for one test.
OWN_INSTALLATION = {"acting", "own", "office"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The shared browser comes last: its loop stays in the process, and no other could run. Who
    needs an installation of his own is slow."""
    items.sort(key=lambda item: "browser" in item.path.parent.name)
    for item in items:
        if OWN_INSTALLATION & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.slow)


@pytest.fixture(scope="session", autouse=True)
def _quick_databases() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(database, "_upgrade", quick_databases.upgrade)
        yield
