"""Facts of one brand as shards see them: events from the lake, order events from the orders."""

from yutang.facts.source import BrandFacts

__all__ = ["BrandFacts"]
