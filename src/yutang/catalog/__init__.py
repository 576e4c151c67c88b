"""Frozen data the whole product shares: events, identity kinds, platforms, metrics, reasons."""
