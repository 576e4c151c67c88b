"""One customer ID: putting everybody together from nothing, and keeping up with events.

`python benchmarks/identity.py` prints, with the peak memory:
- 10 M identities and 12 M links settled from nothing (arrays of evidence → people, owners of
  devices), beside scipy's connected components alone, which knows no devices and no times;
- the same through the state database for a tenth of it: names to ids, links, people, all on disk;
- batches of 50,000 events of 200,000 known people: what an event costs when nobody is new;
- one more link between two people of a state that holds a million identities.
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from yutang.identity import Identities
from yutang.identity.rules import Evidence, settle
from yutang.installation import Installation
from yutang.workspace import Workspace

BATCH = 50_000


def people(n: int, links: int, seed: int = 7) -> tuple[np.ndarray, Evidence]:
    """n identities, half of them devices; 5 links of 6 tie a device to its person."""
    rng = np.random.default_rng(seed)
    firm = n // 2
    device = np.arange(n) >= firm
    own = rng.integers(0, firm, n - firm)
    a = [own, rng.integers(0, firm, links - (n - firm))]
    b = [np.arange(firm, n), np.minimum(a[1] + rng.integers(1, 50, len(a[1])), firm - 1)]
    # A third of what is left are second hands of devices, the rest ties between people.
    second = len(a[1]) // 3
    b[1][:second] = rng.integers(firm, n, second)
    first, last = np.concatenate(a), np.concatenate(b)
    keep = first != last
    first, last = first[keep], last[keep]
    when = rng.integers(0, 10**9, len(first))
    return device, Evidence(first, last, ~device[first] & ~device[last], when)


def from_nothing(n: int, links: int) -> None:
    device, evidence = people(n, links)
    held, tie = np.zeros(n, bool), np.arange(n, dtype=np.uint64)
    started = time.perf_counter()
    found = settle(device, held, evidence, tie)
    ours = time.perf_counter() - started
    started = time.perf_counter()
    graph = coo_matrix((np.ones(len(evidence.a), np.int8), (evidence.a, evidence.b)), shape=(n, n))
    connected_components(graph, directed=False)
    bare = time.perf_counter() - started
    print(f"{n:,} identities, {len(evidence.a):,} links settled   {ours:6.2f} s")
    print(f"  scipy's connected components alone            {bare:6.2f} s ({bare / ours:.2f}x)")
    print(f"  people {len(np.unique(found.part)):,}, later hands {len(found.device):,}")
    print(f"  peak memory {peak_gb():.2f} GB")


def open_workspace(folder: Path) -> Workspace:
    installation = Installation.create(folder)
    return installation.workspace(installation.add_brand("main", "bench"))


def resolve(service: Identities, workspace: Workspace, who: np.ndarray, login: np.ndarray) -> int:
    """One batch of events of people `who`; logged in where `login`."""
    device = pa.array([f"c{one:08d}" for one in who.tolist()])
    rows = zip(who.tolist(), login.tolist(), strict=True)
    member = pa.array([f"m{one:08d}" if on else None for one, on in rows])
    moment[0] += len(who)
    started = time.perf_counter()
    with workspace.db.write() as connection:
        found = service.resolve(
            connection,
            {"cookie": device, "login_id": member},
            commit_id=1,
            source="web",
            evidence="event",
            times=np.arange(len(who), dtype=np.int64) + moment[0],
        )
    took.append(time.perf_counter() - started)
    return found.created


took: list[float] = []
moment = [1_780_000_000_000]


def through_the_state(identities: int) -> None:
    rng = np.random.default_rng(3)
    with tempfile.TemporaryDirectory() as folder:
        workspace = open_workspace(Path(folder) / "home")
        service = Identities(workspace)
        made, visitor = 0, 0
        while made < identities:
            who = np.arange(visitor, visitor + BATCH)
            made += resolve(service, workspace, who, who % 2 == 0)
            visitor += BATCH
        print(f"{made:,} new identities into the state  {made / sum(took):>12,.0f} /s")
        active = rng.choice(visitor, min(200_000, visitor), replace=False)
        took.clear()
        for _ in range(16):
            who = rng.choice(active, BATCH)
            resolve(service, workspace, who, who % 2 == 0)
        warm = sorted(took[8:])
        print(f"events of known people            {BATCH / warm[len(warm) // 2]:>12,.0f} /s")
        took.clear()
        for one in rng.integers(0, visitor, 50).tolist():
            resolve_link(service, workspace, one, (one + visitor // 2) % visitor)
        print(f"one more link                     {sorted(took)[len(took) // 2] * 1000:>9.2f} ms")
    print(f"peak memory {peak_gb():.2f} GB")


def resolve_link(service: Identities, workspace: Workspace, one: int, other: int) -> None:
    with workspace.db.write() as connection:
        started = time.perf_counter()
        service.resolve(
            connection,
            {"openid": pa.array([f"o{one}"]), "login_id": pa.array([f"m{other:08d}"])},
            commit_id=1,
            source="web",
            evidence="bind",
            times=np.array([1_780_000_000_000], np.int64),
        )
        took.append(time.perf_counter() - started)


def peak_gb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--identities", type=int, default=10_000_000)
    args = parser.parse_args()
    from_nothing(args.identities, args.identities * 6 // 5)
    through_the_state(args.identities // 10)


if __name__ == "__main__":
    main()
