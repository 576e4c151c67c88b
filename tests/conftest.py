"""For all tests: hypothesis takes the time it needs (machines differ; speed has its own tests)."""

from collections.abc import Iterator

import pytest
from hypothesis import settings

from tests import quick_databases
from yutang.state import database

settings.register_profile("yutang", deadline=None)
settings.load_profile("yutang")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The shared browser comes last: its loop stays in the process, and no other could run."""
    items.sort(key=lambda item: "browser" in item.path.parent.name)


@pytest.fixture(scope="session", autouse=True)
def _quick_databases() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(database, "_upgrade", quick_databases.upgrade)
        yield
