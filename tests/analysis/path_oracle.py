"""Paths by definition."""

from __future__ import annotations

from tests.analysis.sessions_oracle import is_one


def node(row, name):
    value = row.get(name) if name else None
    return row["event"] if value is None else f"{row['event']} · {value}"


def path(session, params):
    """The nodes of one session, layer by layer; empty: none."""
    start, end = params.get("start"), params.get("end")
    rows = session[::-1] if end else session
    anchor = end or start
    if anchor:
        at = [i for i, row in enumerate(rows) if is_one(row, anchor)]
        rows = rows[at[0] :] if at else []
    out = []
    for row in rows:
        label = node(row, params.get("property"))
        if params["repeats"] == "keep" or not out or out[-1] != label:
            out.append(label)
    return out[: params["layers"]]


def followed(paths, params):
    return [
        (first, nodes)
        for first, nodes in paths
        if nodes
        and all(nodes[f["layer"] - 1 : f["layer"]] == [f["node"]] for f in params.get("follow", []))
    ]


def kept(paths, params):
    """By layer the labels that are shown."""
    out = []
    for layer in range(params["layers"]):
        counts = {}
        for _, nodes in paths:
            if len(nodes) > layer:
                counts[nodes[layer]] = counts.get(nodes[layer], 0) + 1
        out.append(sorted(counts, key=lambda n: (-counts[n], n))[: params["nodes"]])
    return out


def shown(nodes, layer, keep):
    return nodes[layer] if nodes[layer] in keep[layer] else "(other)"


def link_rows(paths, keep, params):
    """paths: (first fact, nodes); a fact names its customer."""
    back = bool(params.get("end"))
    counts, at_node = {}, {}
    for first, nodes in paths:
        for layer in range(min(len(nodes), params["layers"] - 1)):
            here = shown(nodes, layer, keep)
            there = "(entered)" if back else "(left)"
            if layer + 1 < len(nodes):
                there = shown(nodes, layer + 1, keep)
            pair = (there, here) if back else (here, there)
            counts.setdefault((layer + 1, *pair), []).append(first["customer"])
            at_node[layer, here] = at_node.get((layer, here), 0) + 1
    rows = []
    for (layer, source, target), who in counts.items():
        here = target if back else source
        rows.append(
            {
                "layer": layer,
                "source": source,
                "target": target,
                "people": len(set(who)),
                "sessions": len(who),
                "rate": len(who) / at_node[layer - 1, here],
            }
        )
    return sorted(
        rows, key=lambda r: (r["layer"], -r["people"], -r["sessions"], r["source"], r["target"])
    )


def node_rows(paths, keep, params):
    counts = {}
    for first, nodes in paths:
        for layer in range(len(nodes)):
            key = (layer + 1, shown(nodes, layer, keep))
            counts.setdefault(key, []).append(first["customer"])
    rows = [
        {"layer": layer, "node": name, "people": len(set(who)), "sessions": len(who)}
        for (layer, name), who in counts.items()
    ]
    return sorted(rows, key=lambda r: (r["layer"], -r["people"], -r["sessions"], r["node"]))
