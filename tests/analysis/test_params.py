"""Wrong parameters are refused with a sentence that pages can translate."""

import pytest

from yutang.analysis import get_model, read_params
from yutang.errors import BadInput

STEPS = [{"event": "a"}, {"event": "b"}]


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ({"steps": STEPS, "from": "2026-99-99"}, "“from” is no date. Write it like 2026-11-22."),
        ({"steps": STEPS[:1]}, "“steps” needs at least 2 entries."),
        ({"steps": STEPS * 11}, "“steps” takes at most 20 entries."),
        ({}, "“steps” is missing."),
        ({"steps": STEPS, "top": "many"}, "“top” needs a number."),
        ({"steps": STEPS, "top": 0}, "“top” is at least 1."),
        ({"steps": STEPS, "top": 10**6}, "“top” is at most "),
        ({"steps": STEPS, "order": "odd"}, "order: Input should be"),
    ],
)
def test_what_is_wrong_is_named(params, said):
    with pytest.raises(BadInput) as refused:
        read_params(get_model("funnel"), params)
    assert str(refused.value).startswith(said)
