"""For all tests: hypothesis takes the time it needs (machines differ; speed has its own tests)."""

import pytest
from hypothesis import settings

settings.register_profile("yutang", deadline=None)
settings.load_profile("yutang")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The shared browser comes last: its loop stays in the process, and no other could run."""
    items.sort(key=lambda item: "browser" in item.path.parent.name)
