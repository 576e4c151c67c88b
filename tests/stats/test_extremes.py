"""Parameters at which the hypergeometric function gives out, and what is done then."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

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
    assert np.isfinite(pnbd.log_likelihood(params, made))
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
    known = [model.expected(params, made, weeks) for model in (bgnbd, pnbd)]
    likely = pnbd.log_likelihoods(params, made)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bgnbd, "hyp2f1", _nothing)
        patch.setattr(pnbd, "hyp2f1", _nothing)
        again = [model.expected(params, made, weeks) for model in (bgnbd, pnbd)]
        assert pnbd.log_likelihoods(params, made) == pytest.approx(likely, abs=1e-5)
    assert again[0] == pytest.approx(known[0], rel=1e-3)
    assert again[1] == pytest.approx(known[1], rel=1e-4)
