"""Parameters far from the usual: where functions give out, and what is done then."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.special import gammaln, hyp2f1

from tests.stats.test_bgnbd import cells
from yutang.stats import bgnbd, pnbd

pytestmark = pytest.mark.slow
_any = st.tuples(*[st.floats(-6.9, 9.2)] * 4).map(lambda p: np.exp(np.array(p)))
_usual = st.tuples(*[st.floats(0.15, 12)] * 4).map(np.array)
_histories = [(0, 0, 10), (0, 0, 400), (1, 30, 60), (3, 100, 300), (49, 390, 400), (9, 200, 200)]


@settings(max_examples=60)
@given(params=_any, weeks=st.floats(0.1, 104))
def test_nothing_is_not_a_number(params, weeks):
    made, _ = cells(*_histories)
    assert np.isfinite(bgnbd.log_likelihood(params, made)[0])
    assert np.isfinite(pnbd.log_likelihood(params, made)[0])
    for model in (bgnbd, pnbd):
        quiet = model.no_purchase(params, made, weeks)
        found = model.expected(params, made, weeks)
        assert np.isfinite(found).all()
        assert (found >= 1 - quiet - 1e-4).all()
        assert ((quiet >= -1e-9) & (quiet <= 1 + 1e-9)).all()


def _nothing(*given):
    return np.full(np.broadcast_shapes(*map(np.shape, given)), np.nan)


@settings(max_examples=60)
@given(params=_usual, weeks=st.floats(1, 60))
def test_the_other_way_gives_the_same(params, weeks):
    made, _ = cells(*_histories)
    known = bgnbd.expected(params, made, weeks)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bgnbd, "hyp2f1", _nothing)
        again = bgnbd.expected(params, made, weeks)
    assert again == pytest.approx(known, rel=1e-3)


@settings(max_examples=60)
@given(params=_usual)
def test_pareto_nbd_is_the_closed_form_of_the_papers(params):
    """By hypergeometric functions, as published: another way than ours altogether."""
    r, alpha, s, beta = params
    made, _ = cells(*_histories)
    recency, age = made.weeks
    total, second = r + s + made.x, s + 1 if alpha >= beta else r + made.x
    great, gap = max(alpha, beta), abs(alpha - beta)

    def part(t):
        return hyp2f1(total, second, total + 1, gap / (great + t)) / (great + t) ** total

    stays = (alpha + age) ** -(r + made.x) * (beta + age) ** -s
    both = stays + s / total * (part(recency) - part(age))
    front = gammaln(r + made.x) - gammaln(r) + r * np.log(alpha) + s * np.log(beta)
    found = pnbd.log_likelihoods(params, made)
    assert found == pytest.approx(front + np.log(both), abs=1e-6)


@settings(max_examples=150)
@given(params=_any)
def test_the_integral_and_its_means_are_those_of_general_quadrature(params):
    """scipy's adaptive quadrature, on the same stretch of logarithms cut into 24 parts."""
    r, alpha, s, beta = params
    made, _ = cells(*(one for one in _histories if one[1] < one[2]))
    found = pnbd._left(params, made, moments=True)
    recency, age = made.weeks
    for i, x in enumerate(made.x):
        base = min(alpha, beta) + recency[i]

        def logs(v, i=i, x=x, base=base):
            y = recency[i] + base * np.expm1(v)
            return v - (r + x) * np.log(alpha + y) - (s + 1) * np.log(beta + y)

        reach = np.log1p((age[i] - recency[i]) / base)
        most = max(logs(v) for v in np.linspace(0, reach, 200))
        cuts = reach * np.geomspace(1e-6, 1, 24)

        def summed(of, i=i, base=base, most=most, logs=logs, cuts=cuts):
            def at(w, of=of, i=i, base=base, most=most, logs=logs):
                return np.exp(logs(w) - most) * of(recency[i] + base * np.expm1(w))

            return sum(quad(at, *pair)[0] for pair in pairwise([0.0, *cuts]))

        whole = summed(lambda y: 1.0)
        assert found.log[i] == pytest.approx(np.log(whole) + most + np.log(base), abs=1e-7)
        means = {
            "log_buying": lambda y: np.log(alpha + y),
            "per_buying": lambda y: 1 / (alpha + y),
            "log_leaving": lambda y: np.log(beta + y),
            "per_leaving": lambda y: 1 / (beta + y),
        }
        for name, of in means.items():
            mine = getattr(found, name)[i]
            assert mine == pytest.approx(summed(of) / whole, rel=1e-6, abs=1e-7)
