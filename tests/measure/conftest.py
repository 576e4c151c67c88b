"""One pond for all tests that only read."""

from __future__ import annotations

import pytest

from tests.customers.pond import Pond, shared_pond


@pytest.fixture(scope="session")
def pond(tmp_path_factory: pytest.TempPathFactory) -> Pond:
    return shared_pond(tmp_path_factory)
