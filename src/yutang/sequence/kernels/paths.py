# mypy: disable-error-code="no-untyped-def"
"""Paths through sessions: the nodes after a start event or before an end event, layer by layer.

A row with any bit is a node; `ANCHOR` is the event a path begins (or, read backwards, ends) with.
Places within a layer: 0 … most - 1 the nodes kept, then `other`, then
`gone`: the path was over.
"""

from __future__ import annotations

import numpy as np
from numba import njit

# Bits 2 and 4 cut sessions, see sessions.py.
ANCHOR = 8
ANY_NODE = -1


@njit(nogil=True, cache=True)
def _walk(first, last, keys, table, node_of, anchored, backward, fold, out):
    """Fill `out` with one session's nodes; returns how many (0: the anchor did not occur)."""
    step = -1 if backward else 1
    row, stop = (np.int64(last), np.int64(first)) if backward else (np.int64(first), np.int64(last))
    if anchored:
        # A loop of its own: most sessions have no anchor, and it has one branch less per row.
        while not table[keys[row]] & ANCHOR:
            if row == stop:
                return 0
            row += step
    n = 0
    while True:
        if table[keys[row]]:
            node = node_of[row]
            if not (fold and n and out[n - 1] == node):
                out[n] = node
                n += 1
                if n == out.size:
                    return n
        if row == stop:
            return n
        row += step


@njit(nogil=True, cache=True)
def _is_followed(path, n, follow):
    for layer in range(follow.size):
        if follow[layer] != ANY_NODE and (layer >= n or path[layer] != follow[layer]):
            return False
    return True


@njit(nogil=True, cache=True)
def count_nodes(first, last, keys, table, node_of, anchored, backward, fold, follow, nodes):
    """int64 [layers, nodes]: how many paths have the node in the layer.

    first, last: int32 rows of the sessions; keys, table: bits by row; node_of: int32 by row, below
    `nodes`; anchored: a path begins at the first `ANCHOR` (backward: at the last one, towards the
    past); fold: a node right after itself is dropped; follow: int32 by layer, the node a path must
    have there, or `ANY_NODE`.
    """
    layers = follow.size
    counts = np.zeros((layers, nodes), np.int64)
    path = np.empty(layers, np.int32)
    for i in range(first.size):
        n = _walk(first[i], last[i], keys, table, node_of, anchored, backward, fold, path)
        if n and _is_followed(path, n, follow):
            for layer in range(n):
                counts[layer, path[layer]] += 1
    return counts


@njit(nogil=True, cache=True)
def walk_all(first, last, keys, table, node_of, anchored, backward, fold, follow, place_of, most):
    """int16 [sessions, layers]: the places of each path; all -1 where there is none."""
    layers = follow.size
    out = np.full((first.size, layers), -1, np.int16)
    path = np.empty(layers, np.int32)
    for i in range(first.size):
        n = _walk(first[i], last[i], keys, table, node_of, anchored, backward, fold, path)
        if n and _is_followed(path, n, follow):
            for layer in range(layers):
                out[i, layer] = place_of[layer, path[layer]] if layer < n else most + 1
    return out


@njit(nogil=True, cache=True)
def count_links(
    first, last, who, keys, table, node_of, anchored, backward, fold, follow, place_of, most,
    group_at, group_of, groups,
):  # fmt: skip
    """Sessions and people per group, layer and link; the same per node and for all paths.

    who: int32 customer of the session; place_of: int16 [layers, nodes], the place of a node within
    its layer; most: nodes kept in a layer; group_at, group_of: groups of each session, or empty.
    Returns int64 links [groups, layers - 1, most + 1, most + 2, 2], nodes [groups, layers,
    most + 1, 2] and paths [groups, 2]: sessions, then people.
    """
    layers = follow.size
    links = np.zeros((groups, layers - 1, most + 1, most + 2, 2), np.int64)
    nodes = np.zeros((groups, layers, most + 1, 2), np.int64)
    paths = np.zeros((groups, 2), np.int64)
    seen_link = np.full((groups, layers - 1, most + 1, most + 2), -1, np.int32)
    seen_node = np.full((groups, layers, most + 1), -1, np.int32)
    seen_path = np.full(groups, -1, np.int32)
    path = np.empty(layers, np.int32)
    for i in range(first.size):
        n = _walk(first[i], last[i], keys, table, node_of, anchored, backward, fold, path)
        if not n or not _is_followed(path, n, follow):
            continue
        begin, end = (group_at[i], group_at[i + 1]) if group_at.size else (0, 1)
        for j in range(begin, end):
            group = group_of[j] if group_at.size else 0
            paths[group, 0] += 1
            paths[group, 1] += seen_path[group] != who[i]
            seen_path[group] = who[i]
            for layer in range(n):
                here = place_of[layer, path[layer]]
                nodes[group, layer, here, 0] += 1
                nodes[group, layer, here, 1] += seen_node[group, layer, here] != who[i]
                seen_node[group, layer, here] = who[i]
                if layer < layers - 1:
                    there = place_of[layer + 1, path[layer + 1]] if layer + 1 < n else most + 1
                    links[group, layer, here, there, 0] += 1
                    new = seen_link[group, layer, here, there] != who[i]
                    links[group, layer, here, there, 1] += new
                    seen_link[group, layer, here, there] = who[i]
    return links, nodes, paths
