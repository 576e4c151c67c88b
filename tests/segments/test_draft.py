"""A rule goes into its form and comes out as it was."""

from __future__ import annotations

from random import Random

from hypothesis import given
from hypothesis import strategies as st
from starlette.datastructures import FormData

from tests.segments.rules import LEAVES, leaf, tree
from yutang.console.segments.draft import Box, Context, Leaf, act, read
from yutang.console.segments.draft_tree import draft_of, tree_of
from yutang.segments import read_rule

CONTEXT = Context(
    attributes={
        "city": "string", "age": "number", "flags": "list", "member": "bool", "joined": "time",
        "birthday": "string",
    },
    properties={
        "place": "string", "amount": "number", "gift": "bool", "tags": "list",
        "customer.city": "string",
    },
)  # fmt: skip


def fields_of(part, path="n"):
    """What a browser would send."""
    found = []
    if part.negated:
        found.append((f"{path}.not", "1"))
    if isinstance(part, Leaf):
        found.append((f"{path}.kind", part.kind))
        return found + [(f"{path}.{n}", v) for n, values in part.fields.items() for v in values]
    found.append((f"{path}.join", part.join))
    for i, one in enumerate(part.parts):
        found += fields_of(one, f"{path}.{i}")
    return found


def flat(node):
    """Without groups of one, and without two refusals of each other, which a form does not keep."""
    for word in ("and", "or"):
        if word in node:
            parts = [flat(one) for one in node[word]]
            return parts[0] if len(parts) == 1 else {word: parts}
    if "not" in node:
        inner = flat(node["not"])
        return inner.get("not", {"not": inner})
    return node


def stored(node):
    from yutang.segments.tree import to_json

    return to_json(read_rule(node))


def through(node):
    return tree_of(read(FormData(fields_of(draft_of(node)))), CONTEXT)


@given(st.integers(0, 1 << 40))
def test_a_rule_comes_out_of_its_form_as_it_went_in(seed):
    node = stored(tree(Random(seed)))
    assert flat(stored(through(node))) == flat(node)


def test_every_kind_comes_out():
    for kind in LEAVES:
        for seed in range(40):
            node = stored(leaf(Random(seed), kind))
            assert stored(through(node)) == node


def test_buttons_add_copy_and_take_out():
    box = draft_of({"and": [{"kind": "share", "rate": 0.5}, {"kind": "consent", "purpose": "x"}]})
    act(box, "leaf:n:event")
    act(box, "box:n")
    act(box, "copy:n.0")
    act(box, "drop:n.2")
    assert [one.kind for one in box.parts if isinstance(one, Leaf)] == ["share", "share", "event"]
    inner = box.parts[3]
    assert isinstance(inner, Box)
    act(box, "leaf:n.3:tag")
    assert [one.kind for one in inner.parts] == ["attribute", "tag"]
    act(box, "row:n.2:f")
    assert box.parts[2].rows("f") == 1
    for nonsense in ("drop:n.9", "leaf:n.0", "row:n:f", "zzz", "", "drop:n", "copy:n.3.9.9"):
        before = fields_of(box)
        act(box, nonsense)
        assert fields_of(box) == before


def test_what_is_not_finished_is_left_out():
    box = Box(parts=[Leaf("attribute"), Leaf("event"), Leaf("share", fields={"rate": ["20"]})])
    left: list[Leaf] = []
    assert tree_of(box, CONTEXT, left) == {
        "kind": "share", "rate": 0.2, "salt": "share", "part": 0
    }  # fmt: skip
    assert [one.kind for one in left] == ["attribute", "event"]
    assert tree_of(Box(), CONTEXT) is None
