# mypy: disable-error-code="no-untyped-def"
"""Approaches: the last nodes of each customer before his first target, or before he stopped."""

from __future__ import annotations

import numpy as np
from numba import njit

# Bits 2 and 4 cut sessions, see sessions.py; a target is no node.
NODE, TARGET = 1, 8
NO_NODE = -1


@njit(nogil=True, cache=True)
def _moments(keys, table, time, begin, end, lo, hi):
    """(first target in [lo, hi], else the last node there, else -1; whether it is a target)."""
    found = -1
    for row in range(begin, end):
        if time[row] > hi:
            break
        bits = table[keys[row]]
        if bits and time[row] >= lo:
            if bits & TARGET:
                return row, True
            found = row
    return found, False


@njit(nogil=True, cache=True)
def approaches(keys, table, time, offsets, keep, node_of, fold, steps, lo, hi, window):
    """Per customer with a node or target in [lo, hi]: what led to his first target there.

    keys: uint16 by row, table: uint32 bits by key (`NODE`, `TARGET`); time: int64 by row; offsets:
    int64, rows of the customers; keep: bool by customer, or empty; node_of: int32 by row; fold: a
    node right after itself is one; steps: nodes at most; window: ms, how long before the target
    (or the last node) a node may lie. Nodes of the target's instant come before it.
    Returns int32 customers' positions, bool reached, int32 nodes [n, steps], the nearest last,
    `NO_NODE` before the first; int64 ms from the first node to the target; int64 row of the target
    or last node.
    """
    size = offsets.size - 1
    who, reached = np.empty(size, np.int32), np.empty(size, np.bool_)
    nodes = np.full((size, steps), NO_NODE, np.int32)
    wait, at_row = np.zeros(size, np.int64), np.empty(size, np.int64)
    n = 0
    for customer in range(size):
        if keep.size and not keep[customer]:
            continue
        begin, end = offsets[customer], offsets[customer + 1]
        found, is_target = _moments(keys, table, time, begin, end, lo, hi)
        if found < 0:
            continue
        moment = time[found]
        row = found
        while row + 1 < end and time[row + 1] == moment:  # what came at once came before
            row += 1
        place = steps
        while row >= begin and time[row] >= moment - window:
            bits = table[keys[row]]
            if bits & TARGET:
                if time[row] < moment:
                    break  # what lies before belongs to that one
            elif bits:
                if not (fold and place < steps and nodes[n, place] == node_of[row]):
                    if place == 0:
                        break
                    place -= 1
                    nodes[n, place] = node_of[row]
                wait[n] = moment - time[row]
            row -= 1
        who[n], reached[n], at_row[n] = customer, is_target, found
        n += 1
    return who[:n], reached[:n], nodes[:n], wait[:n], at_row[:n]
