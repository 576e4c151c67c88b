import doctest

from yutang.catalog import properties
from yutang.customers import timeline


def test_the_examples_hold():
    assert doctest.testmod(properties).failed == 0


def test_everything_a_timeline_shows_has_a_name_in_both_languages():
    for name in timeline.SHOWN:
        zh, en = properties.label_of(name)
        assert zh != name
        assert en


def test_a_property_is_named_in_one_place():
    assert not set(properties.SENT) & set(properties.BY_NAME)
