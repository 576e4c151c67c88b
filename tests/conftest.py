"""For all tests: hypothesis takes the time it needs (machines differ; speed has its own tests)."""

from hypothesis import settings

settings.register_profile("yutang", deadline=None)
settings.load_profile("yutang")
