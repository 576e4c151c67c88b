"""Each planted truth is found again in the written files, by arithmetic that knows nothing of how
it was planted."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from yutang.demo.truths import CARD, COUPON, CUSTOMERS, GUIDE, INTERVALS, LEAVING, REFERRAL, SEEDING

pytestmark = pytest.mark.slow

DAY = 86_400_000
Z = 1.96


def _difference(treated, control):
    """Difference of means and the half-width of its 95 % interval."""
    variance = treated.var(ddof=1) / len(treated) + control.var(ddof=1) / len(control)
    return treated.mean() - control.mean(), Z * np.sqrt(variance)


def _arms(full, experiment, arm):
    """People of the experiment, whether each is in `arm`, and when assigned."""
    rows = full.named("experiment_assigned", experiment=experiment)
    treated = pc.equal(rows["property.arm"], arm).to_numpy(zero_copy_only=False)
    return full.person_of_events(rows), treated, rows["time"].to_numpy()


def _per_person(full, person, begins, days, amounts=None, platform=None):
    """For each of `person` the sum of `amounts` (or the number) of orders within the window."""
    orders = full.orders
    if platform:
        orders = orders.filter(pc.equal(orders["platform"], platform))
    place = np.full(full.people + 1, -1)
    place[person] = np.arange(len(person))
    buyer = full.person_of_orders(orders)
    row = place[buyer]
    at = orders["paid_at"].cast(pa.int64()).to_numpy()
    inside = (buyer >= 0) & (row >= 0)
    inside &= (at > begins[row]) & (at <= begins[row] + days * DAY)
    weights = orders[amounts].to_numpy()[inside] if amounts else None
    return np.bincount(row[inside], weights, minlength=len(person)).astype(float)


def test_ids_link_up_to_exactly_as_many_customers_as_there_are(full):
    assert full.people == CUSTOMERS


def test_the_coupon_campaign_has_a_ten_percent_holdout_and_no_effect(full):
    person, treated, at = _arms(full, COUPON.experiment, "coupon")
    assert len(person) == COUPON.people
    assert 1 - treated.mean() == pytest.approx(COUPON.holdout_share)
    for amounts in (None, "paid_fen"):
        y = _per_person(full, person, at, COUPON.window_days, amounts)
        lift, half = _difference(y[treated], y[~treated])
        assert abs(lift) < half
        assert half < 0.15 * y.mean(), "too noisy to say that there is no effect"


def test_redeemers_of_the_useless_coupon_look_like_a_success(full):
    granted = full.named("coupon_granted", campaign=COUPON.campaign)
    redeemed = full.named("coupon_redeemed", campaign=COUPON.campaign)
    assert 0.08 < len(redeemed) / len(granted) < 0.25
    used = pc.is_in(full.orders["order_id"], redeemed["property.order_id"].combine_chunks())
    orders = full.orders.filter(used)
    assert len(orders) == len(redeemed)
    assert set(orders["shop_discount_fen"].to_pylist()) == {COUPON.coupon_fen}


def test_the_seeding_campaign_adds_eight_percent_orders(full):
    person, treated, at = _arms(full, SEEDING.experiment, "seeding")
    assert len(person) == SEEDING.people
    assert treated.mean() == pytest.approx(1 - SEEDING.holdout_share)
    y = _per_person(full, person, at, SEEDING.window_days)
    lift, half = _difference(y[treated], y[~treated])
    base = y[~treated].mean()
    assert abs(lift - SEEDING.order_lift * base) < half
    assert lift > half, "the lift must stand out from chance"


def test_comparing_readers_with_others_overstates_the_seeding(full):
    person, treated, at = _arms(full, SEEDING.experiment, "seeding")
    rows = full.named("content_read", content_id="C001")
    readers = np.isin(person, full.person_of_events(rows))
    assert readers[treated].mean() == pytest.approx(SEEDING.read_rate)
    assert not readers[~treated].any()
    y = _per_person(full, person, at, SEEDING.window_days)
    naive = y[readers].mean() / y[treated & ~readers].mean() - 1
    assert naive > 3 * SEEDING.order_lift


def _card_trial(full):
    """People, their arm, when the parcel left, and who joined within ten days of it."""
    sent = full.named("card_sent")
    person, at = full.person_of_events(sent), sent["time"].to_numpy()
    card = pc.equal(sent["property.arm"], "card").to_numpy(zero_copy_only=False)
    added = full.named("contact_added")
    joined_at = np.full(full.people, np.inf)
    joined_at[full.person_of_events(added)] = added["time"].to_numpy()
    joined = joined_at[person] <= at + CARD.window_days * DAY
    return person, card, at, joined


def test_the_package_card_brings_in_thirty_percent(full):
    person, card, _, joined = _card_trial(full)
    assert len(person) == CARD.recipients
    assert card.mean() == pytest.approx(CARD.card_share)
    assert joined[card].mean() == pytest.approx(CARD.take_up_rate)
    assert not joined[~card].any()


@pytest.mark.parametrize(
    ("platform", "truth"),
    [("mini_program", CARD.private_fen_per_joiner), ("tmall", CARD.tmall_fen_per_joiner)],
)
def test_a_joiner_spends_more_privately_and_less_on_tmall(full, platform, truth):
    person, card, at, joined = _card_trial(full)
    y = _per_person(full, person, at, CARD.window_days, "paid_fen", platform)
    effect, half = _difference(y[card], y[~card])
    take_up = joined[card].mean() - joined[~card].mean()
    assert abs(effect / take_up - truth) < half / take_up
    assert abs(effect) > half, "the effect must stand out from chance"


def test_comparing_joiners_with_others_gets_tmall_wrong(full):
    person, _, at, joined = _card_trial(full)
    y = _per_person(full, person, at, CARD.window_days, "paid_fen", "tmall")
    assert y[joined].mean() - y[~joined].mean() > 0


def _stay(full):
    """Per added contact: code, guide, person, when added, and when deleted (inf: not)."""
    added, deleted = full.named("contact_added"), full.named("contact_deleted")
    gone_at = np.full(full.people, np.inf)
    gone_at[full.person_of_events(deleted)] = deleted["time"].to_numpy()
    person = full.person_of_events(added)
    code = added["property.channel_code"].to_numpy(zero_copy_only=False)
    return code, person, added["time"].to_numpy(), gone_at[person]


def test_contacts_of_one_code_leave_within_a_week_and_those_of_no_other(full):
    code, person, added_at, gone_at = _stay(full)
    within_week = gone_at < added_at + 7 * DAY
    for name in np.unique(code):
        share = within_week[code == name].mean()
        if name == LEAVING.channel_code:
            assert (code == name).sum() == LEAVING.people
            assert share == pytest.approx(LEAVING.left_within_week_rate)
        else:
            assert share < 0.05
    buyers = full.person_of_orders(full.orders)
    assert not np.isin(person[code == LEAVING.channel_code], buyers).any()


def test_one_guide_sends_too_much_and_is_blocked_for_it(full):
    begin = np.datetime64(GUIDE.starts_on, "ms").astype(int)
    end = np.datetime64(GUIDE.ends_on, "ms").astype(int)
    sent = full.named("message_sent")
    at, guide = sent["time"].to_numpy(), sent["property.guide"].to_numpy(zero_copy_only=False)
    person = full.person_of_events(sent)
    _, member, _, gone_at = _stay(full)
    gone = np.full(full.people, np.inf)
    gone[member] = gone_at
    inside = (at >= begin) & (at < end)
    per_thousand, per_person = {}, {}
    for name in np.unique(guide):
        mine = inside & (guide == name)
        people = np.unique(person[mine])
        left = ((gone[people] >= begin) & (gone[people] < end + 7 * DAY)).sum()
        per_thousand[name] = 1000 * left / mine.sum()
        per_person[name] = mine.sum() / len(people)
    others = [value for name, value in per_person.items() if name != GUIDE.guide]
    assert per_person[GUIDE.guide] > 5 * max(others)
    assert per_thousand[GUIDE.guide] == pytest.approx(1000 * GUIDE.delete_rate, rel=0.2)
    lost = {
        name: np.mean(gone[np.unique(person[inside & (guide == name)])] < end)
        for name in per_person
    }
    assert lost[GUIDE.guide] > 3 * max(v for name, v in lost.items() if name != GUIDE.guide)


def test_referral_has_k_of_three_tenths(full):
    members = full.named("message_sent", campaign=REFERRAL.campaign)
    sent = full.named("invitation_sent", campaign=REFERRAL.campaign)
    accepted = full.named("invitation_accepted", campaign=REFERRAL.campaign)
    n = len(np.unique(full.person_of_events(members)))
    assert n == len(members)
    k = len(sent) / n * (len(accepted) / len(sent))
    # Accepted invitations of one member are a Poisson number with mean K.
    assert abs(k - REFERRAL.k) < Z * np.sqrt(REFERRAL.k / n)
    assert len(sent) / n == pytest.approx(REFERRAL.invitations_per_member, rel=0.05)
    assert n - len(accepted) == REFERRAL.seeds
    invitees = full.person_of_events(accepted)
    added = full.named("contact_added", channel_code=REFERRAL.channel_code)
    assert set(invitees) == set(full.person_of_events(added))


@pytest.mark.parametrize(
    ("category", "days"),
    [
        (INTERVALS.slow_category, INTERVALS.slow_days),
        (INTERVALS.fast_category, INTERVALS.fast_days),
    ],
)
def test_a_category_is_bought_again_after_its_own_interval(full, category, days):
    lines = full.lines.filter(pc.equal(full.lines["category"], category))
    lines = lines.filter(pc.is_valid(lines["paid_at"]))
    person = full.person_of_orders(lines)
    at = lines["paid_at"].cast(pa.int64()).to_numpy()
    order = np.lexsort((at, person))
    person, at = person[order], at[order]
    gaps = np.diff(at)[(np.diff(person) == 0) & (person[1:] >= 0)] / DAY
    median = np.median(gaps)
    # Standard error of a median: 1.2533 standard deviations over the root of n.
    assert abs(median - days) < max(Z * 1.2533 * gaps.std() / np.sqrt(len(gaps)), 0.02 * days)
