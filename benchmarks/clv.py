"""Lifetime value: fits beside the package lifetimes, and a million customers from sales to scores.

`python benchmarks/clv.py`: the CDNOW sample where YUTANG_SHARED has it (else as many made
customers), both fits by us and by lifetimes, parameters equal first, and with `--pymc
PYTHON` by pymc-marketing's maximum a posteriori; then customers who buy by the
model's own story with the parameters of CDNOW, 39 weeks, from the arrays of a brand's sales to
what is expected of each.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq

from engines import bench_python
from yutang.customers import Sales
from yutang.predictions import Purchases, fitted, from_sales
from yutang.predictions.purchases import summed
from yutang.stats.bgnbd import fit_bgnbd
from yutang.stats.gamma_gamma import fit_gamma_gamma
from yutang.stats.pnbd import fit_pnbd
from yutang.stats.purchases import cells_of

HERE = Path(__file__).parent
CDNOW = (
    Path(os.environ.get("YUTANG_SHARED", "../shared")) / "data/cdnow_sample/cdnow_sample.parquet"
)
CALIBRATED_UNTIL = 10_134  # 1997-09-30
R, ALPHA, A, B = 0.2426, 4.4136, 0.7929, 2.4259
DAYS, MANY, GOAL = 273, 1_000_000, 30
PYMC_GOAL = 300
TURNS, ROUNDS = 4, 50


def made(customers: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(customer, day, yuan) by purchase."""
    rng = np.random.default_rng(1)
    rate, leave = rng.gamma(R, 1 / ALPHA, customers) / 7, rng.beta(A, B, customers)
    at = rng.integers(0, 84, customers).astype(float)
    who, here = np.arange(1, customers + 1), np.ones(customers, bool)
    found = [(who, at.astype(np.int64))]
    while here.any():
        at = at + rng.exponential(1 / np.maximum(rate, 1e-12))
        here &= at < DAYS
        found.append((who[here], at[here].astype(np.int64)))
        here &= rng.random(customers) >= leave
    customer, day = (np.concatenate(parts) for parts in zip(*found, strict=True))
    return customer, day, rng.gamma(6.25, 5.0, len(day))


def sample() -> Purchases:
    """The CDNOW sample's calibration time, or made purchases of as many."""
    if not CDNOW.exists():
        print("(the CDNOW sample is not there: made customers)")
        return summed(*made(2_357), DAYS)
    table = pq.read_table(CDNOW)
    day = np.asarray(table.column("date")).astype("datetime64[D]").astype(np.int64)
    value = np.asarray(table.column("dollar_value"))
    return summed(np.asarray(table.column("sample_id")), day, value, CALIBRATED_UNTIL)


def sales_of(customer: np.ndarray, day: np.ndarray, value: np.ndarray) -> Sales:
    """As a brand's snapshot holds them."""
    order = np.lexsort((day, customer))
    none, count = np.zeros(len(day), np.int64), len(day)
    paid = np.rint(value[order] * 100).astype(np.int64)
    return Sales(
        customer=customer[order].astype(np.uint32), at=none, day=day[order].astype(np.int32),
        paid=np.ones(count, bool), paid_fen=paid, refund_fen=none, items=np.ones(count),
        domain=none.astype(np.uint8), platform=none.astype(np.int32), shop=none.astype(np.int32),
        first=np.zeros(count, bool), inside=np.zeros(count, bool),
    )  # fmt: skip


def run_of(python: str, script: str, path: str) -> dict[str, Any]:
    done = subprocess.run(
        [python, str(HERE / script), path], check=True, capture_output=True, text=True
    )
    told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return told


def beside(pymc: str) -> None:
    """Both fits from histories, by us and by the others in turns, the best time of each."""
    ours, best = fitted(sample()), float("inf")
    x, mean, recency, age = ours.x, ours.mean, ours.cells.recency[ours.at], ours.cells.age[ours.at]
    again = (x > 0) & (mean > 0)
    with tempfile.NamedTemporaryFile("w", suffix=".csv") as file:
        cells, at = ours.cells, ours.at
        table = np.column_stack([x, *(weeks[at] for weeks in cells.weeks), mean])
        np.savetxt(file.name, table, delimiter=",", header="x,t_x,T,mean", comments="", fmt="%.17g")
        told = []
        for _ in range(TURNS):
            for _ in range(ROUNDS):  # from histories, as the others are given them
                started = time.perf_counter()
                fit_bgnbd(cells_of(x, recency, age)[0])
                fit_gamma_gamma(x[again], mean[again])
                best = min(best, time.perf_counter() - started)
            told.append(run_of(bench_python(), "clv_lifetimes.py", file.name))
        maximised = run_of(pymc, "clv_pymc.py", file.name) if pymc else None
    assert ours.spending is not None
    found = [*ours.fit.params.values(), *ours.spending.params.values()]
    assert np.allclose(found, told[0]["params"], rtol=2e-3), (found, told[0]["params"])
    print(f"{len(ours.customers):,} customers, BG/NBD and Gamma-Gamma, histories to parameters:")
    print(f"  Yutang    {best * 1000:9.2f} ms  log-likelihood {ours.fit.log_likelihood:.3f}")
    _compare("lifetimes", min(one["seconds"] for one in told), best, GOAL)
    if maximised is None:
        print("  pymc-marketing: skipped; name a Python that has it with --pymc")
    else:  # its default priors move the maximum: only Gamma-Gamma comes out alike
        assert np.allclose(found[4:], maximised["params"][4:], rtol=2e-2), maximised
        _compare("pymc MAP", maximised["seconds"], best, PYMC_GOAL)
    started = time.perf_counter()
    pareto = fit_pnbd(cells)
    print(f"  Pareto/NBD {(time.perf_counter() - started) * 1000:8.2f} ms  log-likelihood "
          f"{pareto.log_likelihood:.3f}")  # fmt: skip


def _compare(name: str, theirs: float, ours: float, goal: int) -> None:
    said = "reached" if theirs / ours >= goal else "MISSED"
    print(f"  {name:9s} {theirs * 1000:9.2f} ms  {theirs / ours:,.0f} x, goal {goal} x: {said}")


def million() -> None:
    sales = sales_of(*made(MANY))
    alive = np.ones(MANY + 1, bool)
    best = float("inf")
    for _ in range(3):
        started = time.perf_counter()
        model = fitted(from_sales(sales, alive, DAYS))
        fitted_in = time.perf_counter() - started
        model.scores(margin=0.6, discount=0.1)
        best = min(best, time.perf_counter() - started)
    said = "reached" if best <= 3 else "MISSED"
    print(f"{MANY:,} customers, {len(sales):,} sales, {len(model.cells.x):,} cells: fitted in "
          f"{fitted_in:.2f} s, scored after {best:.2f} s, goal 3 s: {said}")  # fmt: skip


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Lifetime value beside other packages.")
    parser.add_argument("--pymc", default="", help="a Python that has pymc-marketing")
    beside(parser.parse_args().pymc)
    million()
