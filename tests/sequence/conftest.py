import os

import pytest


@pytest.fixture(autouse=True)
def no_fsync(request, monkeypatch):
    """Hundreds of small shards are written here; one test looks that files are synced."""
    if "synced" not in request.node.name:
        monkeypatch.setattr(os, "fsync", lambda handle: None)
