"""Compiled loops over sorted shards (numba). Inputs are read-only arrays; see `warm.py`."""
