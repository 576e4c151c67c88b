"""Our own search ends where scipy's does, and leaves to scipy what lies at an edge."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.stats.cdnow import calibration, needs_cdnow, repeat_value
from tests.stats.test_bgnbd import cells
from yutang.stats import bgnbd, fitting, gamma_gamma, pnbd
from yutang.stats.purchases import cells_of


def both(fit, *given):
    """By our own search, and with scipy's alone."""
    ours = fit(*given)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fitting, "descend", lambda *_: None)
        return ours, fit(*given)


def same(ours, theirs):
    assert ours.at_bound == theirs.at_bound
    assert ours.log_likelihood == pytest.approx(theirs.log_likelihood, rel=1e-9, abs=1e-6)
    if not ours.at_bound:
        assert list(ours.params.values()) == pytest.approx(list(theirs.params.values()), rel=2e-3)


def bought(people, seed, *, r, alpha, stay, days=500):
    """Cells of customers who buy at their own rate and stay for `stay` days on the average."""
    rng, found = np.random.default_rng(seed), []
    for rate in rng.gamma(r, 1 / alpha, people) / 7:
        age = int(rng.integers(30, days))
        until = min(age, rng.exponential(stay))
        when = np.unique(rng.uniform(0, age, rng.poisson(rate * age)).astype(int))
        when = when[(when > 0) & (when <= until)]
        found.append((len(when), int(when.max(initial=0)), age))
    return cells_of(*np.array(found, np.int64).T)[0]


@needs_cdnow
def test_the_sample_is_fitted_the_same_way_by_both():
    _, x, _, _, made, _ = calibration()
    mean = repeat_value()
    again = (x > 0) & (mean > 0)
    for fit, given_ in (
        (bgnbd.fit_bgnbd, (made,)),
        (pnbd.fit_pnbd, (made,)),
        (gamma_gamma.fit_gamma_gamma, (x[again], mean[again])),
    ):
        ours, theirs = both(fit, *given_)
        same(ours, theirs)
        assert ours.evaluations < 20


@pytest.mark.parametrize("fit", [bgnbd.fit_bgnbd, pnbd.fit_pnbd])
@pytest.mark.parametrize("seed", range(6))
def test_made_customers_are_fitted_the_same_way_by_both(fit, seed):
    rng = np.random.default_rng(seed)
    made = bought(
        800, seed, r=rng.uniform(0.3, 3), alpha=rng.uniform(2, 20), stay=rng.uniform(40, 400)
    )
    same(*both(fit, made))


@pytest.mark.parametrize("fit", [bgnbd.fit_bgnbd, pnbd.fit_pnbd])
def test_where_nobody_leaves_the_search_ends_far_out(fit):
    """At an edge, or where the likelihood has become flat on the way to it."""
    ours, theirs = both(fit, bought(800, 1, r=1.5, alpha=8, stay=1e9))
    leaving = list(ours.params.values())[2:]
    assert ours.at_bound or leaving[0] / leaving[1] < 1e-3
    assert ours.log_likelihood == pytest.approx(theirs.log_likelihood, abs=0.05)
    assert ours.evaluations < 400


@pytest.mark.parametrize("fit", [bgnbd.fit_bgnbd, pnbd.fit_pnbd])
@pytest.mark.parametrize(
    "histories",
    [
        [(0, 0, 10)],
        [(0, 0, 10 + n) for n in range(50)],
        [(1, 30, 60), (0, 0, 50), (3, 10, 90)],
        [(400, 999, 1000)],
        [(300, 900, 1000), (1, 1, 1000), (0, 0, 0)],
    ],
)
def test_odd_histories_are_fitted_or_refused_never_lost(fit, histories):
    found = fit(cells(*histories)[0])
    assert np.isfinite(found.log_likelihood)
    assert all(1e-5 * 0.99 <= value <= 1e4 * 1.01 for value in found.params.values())


@settings(max_examples=60, deadline=None)
@given(
    bend=st.lists(st.floats(0.01, 50), min_size=3, max_size=3),
    turn=st.floats(0, 3),
    start=st.lists(st.floats(-4, 4), min_size=3, max_size=3),
)
def test_a_bowl_is_descended_to_its_bottom(bend, turn, start):
    c, s = np.cos(turn), np.sin(turn)
    turned = np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]])
    matrix = turned @ np.diag(bend) @ turned.T
    middle = np.array([0.5, -1.0, 2.0])

    def cost(at):
        off = at - middle
        return float(off @ matrix @ off + 0.1 * (off**4).sum()), (2 * matrix @ off + 0.4 * off**3)

    found = fitting.descend(cost, np.array(start))
    assert found is not None
    assert found[1] == pytest.approx(middle, abs=1e-4)


def test_a_way_that_leads_to_an_edge_or_nowhere_is_given_up():
    assert fitting.descend(lambda at: (float(at.sum()), np.ones(2)), np.zeros(2)) is None
    assert fitting.descend(lambda at: (np.nan, np.ones(2)), np.zeros(2)) is None
    with pytest.raises(ValueError, match="not finite"):
        fitting.fit(("a", "b"), lambda p: (np.nan, np.ones(2)), 1, ((1.0, 1.0),))
