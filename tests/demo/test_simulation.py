import hashlib

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from yutang.catalog.events import BY_NAME
from yutang.catalog.identity_kinds import BY_CODE
from yutang.catalog.platforms import BY_CODE as PLATFORM_BY_CODE
from yutang.catalog.platforms import DOMAINS
from yutang.demo import write_simulation
from yutang.demo.baskets import load_shapes
from yutang.demo.clock import END, NEVER, START, day_start
from yutang.demo.event_rows import EventRows
from yutang.demo.group_events import ACTS
from yutang.demo.order_rows import order_ids, order_table
from yutang.demo.purchases import FIRST_STORE, TMALL
from yutang.demo.reach_events import add_reach
from yutang.demo.relation_events import add_relations
from yutang.demo.simulation import event_rows
from yutang.demo.visit_events import add_visits
from yutang.demo.world import create_world

pytestmark = pytest.mark.slow


def _digests(files):
    return [hashlib.sha256(file.path.read_bytes()).hexdigest() for file in files]


@pytest.fixture(scope="module")
def world(small):
    return create_world(23, 3_000, load_shapes())


def test_the_same_seed_writes_the_same_bytes_and_another_seed_does_not(small, tmp_path):
    again = write_simulation(tmp_path / "again", customers=3_000)
    assert _digests(again) == _digests(small.files)
    other = write_simulation(tmp_path / "other", seed=24, customers=3_000)
    assert all(a != b for a, b in zip(_digests(other), _digests(again), strict=True))


def test_tables_do_not_depend_on_the_order_in_which_they_are_made(world):
    last_first = order_table(world, FIRST_STORE)
    tmall = order_table(world, TMALL)
    assert order_table(world, TMALL).equals(tmall)
    assert order_table(world, FIRST_STORE).equals(last_first)
    forward, backward = EventRows(world.ids), EventRows(world.ids)
    steps = [add_relations, lambda w, r: add_reach(w, r, order_ids(w.orders)), add_visits]
    for step in steps:
        step(world, forward)
    for step in reversed(steps):
        step(world, backward)
    assert _sorted(forward.table()).equals(_sorted(backward.table()))


def _sorted(table):
    plain = table.drop_columns(["message_id"])
    text = {name: plain[name].cast(pa.string()) for name in plain.column_names}
    return pa.table(text).sort_by([(name, "ascending") for name in text])


def test_files_say_how_they_are_to_be_imported(small):
    orders = [file for file in small.files if file.kind == "orders"]
    assert [file.path.name for file in small.files if file.kind == "events"] == [
        "events.parquet", "group-events.parquet",
    ]  # fmt: skip
    shops = [shop for file in orders for shop in file.shops]
    assert {domain for _, _, domain in shops} == set(DOMAINS)
    assert {platform for platform, _, _ in shops} <= set(PLATFORM_BY_CODE)
    assert {file.preset for file in orders} == {"yutang"}
    named = set(
        zip(*(small.orders[name].to_pylist() for name in ("platform", "shop")), strict=True)
    )
    assert named == {(platform, shop) for platform, shop, _ in shops}
    assert len(shops) == len(named)


def test_events_are_known_and_carry_known_identities(small):
    assert set(small.events["event"].unique().to_pylist()) <= set(BY_NAME)
    kinds = [name for name in small.events.column_names if name.startswith("identity.")]
    assert {kind.removeprefix("identity.") for kind in kinds} <= set(BY_CODE)
    known = [pc.is_valid(small.events[kind]).to_numpy() for kind in kinds]
    assert np.any(known, axis=0).all()
    at = small.events["time"].to_numpy()
    assert (np.diff(at) >= 0).all()
    assert at[0] >= START * 1000
    assert at[-1] < END * 1000
    assert len(small.events["message_id"].unique()) == len(small.events)


def test_tmall_ids_meet_members_only_where_a_membership_was_bound(small):
    tmall = small.events.filter(pc.is_valid(small.events["identity.tmall_buyer"]))
    linked = tmall.filter(pc.is_valid(tmall["identity.member_no"]))
    assert linked["event"].unique().to_pylist() == ["member_bound"]
    joined = small.named("member_bound")
    assert 0 < len(linked) < len(joined)


def test_lines_add_up_to_the_amount_of_their_order(small):
    sums = small.lines.group_by("order_id").aggregate(
        [("item_paid_fen", "sum"), ("paid_fen", "min"), ("paid_fen", "max")]
    )
    assert sums["item_paid_fen_sum"].equals(sums["paid_fen_min"])
    assert sums["paid_fen_min"].equals(sums["paid_fen_max"])
    assert len(small.lines["line_id"].unique()) == len(small.lines)


def test_unpaid_and_refunded_orders_exist_and_no_refund_exceeds_its_payment(small):
    unpaid = small.lines.filter(pc.equal(small.lines["status"], "closed"))
    assert 0 < len(unpaid) < 0.02 * len(small.lines)
    assert pc.sum(unpaid["paid_fen"]).as_py() == 0
    assert unpaid["paid_at"].null_count == len(unpaid)
    refunded = small.orders.filter(pc.is_valid(small.orders["refund_fen"]))
    assert 0.01 < len(refunded) / len(small.orders) < 0.05
    assert pc.all(pc.less_equal(refunded["refund_fen"], refunded["paid_fen"])).as_py()
    assert pc.all(pc.greater(refunded["refunded_at"], refunded["paid_at"])).as_py()


def test_people_act_within_their_membership(world):
    pool = world.pool
    sent = world.messages
    assert (sent.at >= pool.joined[sent.person]).all()
    assert (sent.at < pool.left[sent.person]).all()
    members = pool.joined < END
    assert (pool.left[members] > pool.joined[members]).all()
    assert (pool.left[~members] == NEVER).all()


def test_a_demo_of_any_size_has_as_many_customers_as_asked(small):
    assert small.people == 3_000


def test_customers_speak_in_groups_only_on_days_on_which_they_did_something_else(small, world):
    """So that who acted on which day is what it was without the groups."""
    talk = pq.read_table(small.files[-1].path)
    said = talk.filter(pc.is_valid(talk["identity.external_userid"]))
    person, at = event_rows(world).of(ACTS)
    known = world.orders.person >= 0
    person = np.r_[person, world.orders.person[known]]
    at = np.r_[at, world.orders.at[known]]
    ids = np.array(world.ids.external_userid, object)[person]
    days = set(zip(ids.tolist(), day_start(at).tolist(), strict=True))
    times = day_start(said["time"].to_numpy() // 1000)
    spoken = set(zip(said["identity.external_userid"].to_pylist(), times.tolist(), strict=True))
    assert len(spoken) > 100
    assert spoken <= days
