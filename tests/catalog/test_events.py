import re

from yutang.catalog.events import EVENTS, GROUPS, event_of

VERBS = (
    *("ed", "shown", "begun", "sent", "read", "left", "paid", "bought", "bound", "given"),
    "withdrawn",
)


def test_names_are_unique_nouns_with_a_past_verb():
    names = [event.name for event in EVENTS]
    assert len(set(names)) == len(names)
    for name in names:
        assert re.fullmatch(r"[a-z]+(_[a-z]+)+", name), name
        verb = name.rsplit("_", 1)[1]
        assert verb.endswith(VERBS), name


def test_every_event_has_both_languages_and_a_known_group():
    for event in EVENTS:
        assert re.search(r"[一-鿿]", event.zh), event.name
        assert event.en.isascii()
        assert event.group in GROUPS


def test_an_unknown_event_keeps_its_own_name():
    assert event_of("skin_tested").zh == "skin_tested"
    assert event_of("skin_tested").group == "other"
    assert event_of("order_paid").zh == "支付订单"
