"""Yutang 鱼塘: the open platform on which consumer brands run their private domain."""

__version__ = "0.1.0"
