# ruff: noqa: RUF009 (`_planted` is dataclasses.field with labels; dates are immutable)
"""What the simulated brand really does: the truths that features must find again.

Every number that `simulation` plants stands here and nowhere else; `docs/concepts/demo-truths.md`
is rendered from this file (`truths_page.py`), and `tests/demo/test_truths.py` estimates each truth
from the written files alone. Counts are those of the full size (60,000 customers); a smaller
simulation scales them. Money is fen, spans are days, rates are 0-1.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Any, ClassVar

CUSTOMERS = 60_000
STARTS_ON = date(2025, 5, 23)
ENDS_ON = date(2026, 11, 22)
"""First and last business day, both inclusive, in Asia/Shanghai: 18 months."""


def scaled(count: int, customers: int) -> int:
    """`count` of the full size, for `customers` customers; even, so that arms can halve it."""
    return max(2, round(count * customers / CUSTOMERS / 2) * 2)


def _planted(default: Any, zh: str, en: str) -> Any:
    return field(default=default, metadata={"zh": zh, "en": en})


@dataclass(frozen=True)
class CouponCampaign:
    """Coupons that people gladly redeem and that sell nothing more.

    Those who redeem look like the best customers; against the holdout the campaign adds no order
    and no yuan.
    """

    slug: ClassVar[str] = "coupon_campaign"
    title: ClassVar[tuple[str, str]] = ("中秋满减券：没有增量", "Mid-autumn coupons: no effect")
    zh: ClassVar[str] = (
        "发券人群里随机留 10% 不发。核销的人本来就要买：核销率好看，"
        "与留出组相比订单数和支付金额都没有增加，优惠却是真金白银。"
    )
    find: ClassVar[tuple[str, str]] = (
        "按 experiment_assigned 的 arm 比较窗口内人均订单数与支付金额，差的 95% 区间含 0。",
        "Compare orders and paid amount per person by `arm` of `experiment_assigned` within the "
        "window: the 95 % interval of the difference contains 0.",
    )
    experiment: str = _planted("coupon_2026_09", "实验", "experiment")
    campaign: str = _planted("CAMP-COUPON-2026-09", "活动", "campaign")
    assigned_on: date = _planted(date(2026, 9, 10), "分组日", "assigned on")
    window_days: int = _planted(28, "窗口（天）", "window, days")
    people: int = _planted(20_000, "人数", "people")
    holdout_share: float = _planted(0.10, "留出比例", "holdout share")
    redemption_rate: float = _planted(
        0.65, "窗口内下单者的核销率", "share of those who order in the window that redeem"
    )
    coupon_fen: int = _planted(1_000, "面额（分）", "face value, fen")
    order_lift: float = _planted(0.0, "订单提升", "lift of orders")


@dataclass(frozen=True)
class SeedingCampaign:
    """Seeding content that makes people buy 8 % more often.

    The extra orders come from those who read it, so a comparison of readers with non-readers
    overstates the effect many times: readers bought more before, too.
    """

    slug: ClassVar[str] = "seeding_campaign"
    title: ClassVar[tuple[str, str]] = ("夏季种草：订单 +8%", "Summer seeding: +8 % orders")
    zh: ClassVar[str] = (
        "3 万名池内客户随机对半：一半收到种草内容，一半不发。收到的一半订单数多 8%，"
        "全部来自读了内容的人；直接比较读与没读会把效果夸大许多，因为爱读的人本来就买得多。"
    )
    find: ClassVar[tuple[str, str]] = (
        "按 arm 比较分组后 60 天内人均 order_paid 次数，相对提升的 95% 区间含 8% 而不含 0。",
        "Compare `order_paid` per person by `arm` in the 60 days after assignment: the 95 % "
        "interval of the relative lift contains 8 % and not 0.",
    )
    experiment: str = _planted("seeding_2026_07", "实验", "experiment")
    campaign: str = _planted("CAMP-SEEDING-2026-07", "活动", "campaign")
    assigned_on: date = _planted(date(2026, 7, 1), "分组日", "assigned on")
    window_days: int = _planted(60, "窗口（天）", "window, days")
    people: int = _planted(30_000, "人数", "people")
    holdout_share: float = _planted(0.50, "留出比例", "holdout share")
    read_rate: float = _planted(0.45, "阅读率", "share of those reached that read")
    order_lift: float = _planted(0.08, "订单提升", "lift of orders")


@dataclass(frozen=True)
class PackageCard:
    """A randomised package card that brings Tmall buyers into the private domain.

    Loyal buyers are likelier to scan, so joiners outspend non-joiners for reasons that have
    nothing to do with joining. What joining does, per joiner and within 90 days of the parcel:
    more in the private shop, less on Tmall, and a net gain.
    """

    slug: ClassVar[str] = "package_card"
    title: ClassVar[tuple[str, str]] = (
        "包裹卡导流：每位加入者私域 +60 元、天猫 −30 元",
        "Package card: +60 yuan private, -30 yuan Tmall per joiner",
    )
    zh: ClassVar[str] = (
        "天猫买家在实验期的第一个包裹随机放卡或不放卡，放卡者恰有 30% 加入。"
        "包裹寄出 90 天内每位加入者在私域多花 60 元、在天猫少花 30 元，净增 30 元。"
        "忠诚的买家更爱扫码，直接比较加入者与未加入者会得出错误的结论。"
    )
    find: ClassVar[tuple[str, str]] = (
        "以放卡为工具变量：（放卡组 − 不放卡组的人均金额）÷ 加入率之差，私域与天猫分别算。",
        "Use the card as the instrument: difference of mean paid amount between the arms divided "
        "by the difference of take-up, once for the private shop and once for Tmall.",
    )
    experiment: str = _planted("package_card_2025", "实验", "experiment")
    starts_on: date = _planted(date(2025, 6, 1), "开始", "starts on")
    ends_on: date = _planted(date(2026, 3, 31), "最晚结束", "ends on, at the latest")
    recipients: int = _planted(40_000, "收件人数", "recipients")
    card_share: float = _planted(0.50, "放卡比例", "share with a card")
    take_up_rate: float = _planted(0.30, "加入率", "take-up")
    window_days: int = _planted(90, "窗口（天）", "window, days")
    private_fen_per_joiner: int = _planted(
        6_000, "每位加入者私域变化（分）", "private shop, fen per joiner"
    )
    tmall_fen_per_joiner: int = _planted(
        -3_000, "每位加入者天猫变化（分）", "Tmall, fen per joiner"
    )


@dataclass(frozen=True)
class LeavingCode:
    """A channel code that buys head count: people take the gift and leave within a week.

    In three months it adds more contacts than any store in eighteen; none of them ever buys.
    """

    slug: ClassVar[str] = "leaving_code"
    title: ClassVar[tuple[str, str]] = (
        "街头扫码领礼：一周内几乎走光",
        "Street gift code: gone within a week",
    )
    zh: ClassVar[str] = (
        "三个月加的人比任何一家门店一年半加的都多，但 95% 在 7 天内删除好友，且从不下单。"
    )
    find: ClassVar[tuple[str, str]] = (
        "按 channel_code 看加粉后 7 天内的 contact_deleted 占比。",
        "Share of `contact_added` followed by `contact_deleted` within 7 days, by `channel_code`.",
    )
    channel_code: str = _planted("QD-STREET-GIFT", "渠道活码", "channel code")
    starts_on: date = _planted(date(2025, 12, 1), "开始", "starts on")
    ends_on: date = _planted(date(2026, 2, 28), "结束", "ends on")
    people: int = _planted(1_500, "加粉人数", "contacts added")
    left_within_week_rate: float = _planted(0.95, "7 天内删除率", "left within 7 days")


@dataclass(frozen=True)
class OverSendingGuide:
    """A guide who sends five times a week for three months and is blocked for it.

    Each of his messages in that time is as likely to be the last one a customer takes as twelve
    of a colleague's; before and after he is like the others.
    """

    slug: ClassVar[str] = "over_sending_guide"
    title: ClassVar[tuple[str, str]] = (
        "G07 号导购：发得太多，被删得也多",
        "Guide G07: sends too much and is blocked",
    )
    zh: ClassVar[str] = (
        "2026 年 3 月至 5 月他每周发 5 条（同事约每 30 天 1 条），每条消息招来删除的概率"
        "是同事的十二倍；此前此后与同事无异。"
    )
    find: ClassVar[tuple[str, str]] = (
        "按 guide 算期间内每千条 message_sent 之后 7 天内的 contact_deleted。",
        "`contact_deleted` within 7 days per 1,000 `message_sent` in the period, by `guide`.",
    )
    guide: str = _planted("G07", "导购", "guide")
    starts_on: date = _planted(date(2026, 3, 2), "开始", "starts on")
    ends_on: date = _planted(date(2026, 5, 31), "结束", "ends on")
    days_between_messages: float = _planted(1.4, "消息间隔（天）", "days between messages")
    usual_days_between_messages: float = _planted(
        30.0, "同事的消息间隔（天）", "days between messages of the others"
    )
    delete_rate: float = _planted(0.012, "每条消息的删除概率", "deletions per message")
    usual_delete_rate: float = _planted(
        0.001, "同事每条消息的删除概率", "deletions per message of the others"
    )


@dataclass(frozen=True)
class Referral:
    """Member-get-member with K = 0.3: it never spreads by itself, and amplifies by 1 / (1 - K)."""

    slug: ClassVar[str] = "referral"
    title: ClassVar[tuple[str, str]] = ("老带新：K = 0.3", "Referral: K = 0.3")
    zh: ClassVar[str] = (
        "4,000 名种子会员参加老带新，人均发出 1.5 个邀请，每个邀请有 20% 被接受；"
        "被邀请来的人同样参加，代代如此，到期末全部成熟。"
    )
    find: ClassVar[tuple[str, str]] = (
        "收到活动消息的会员为分母：人均 invitation_sent × 接受率 = K。",
        "Members who got the campaign's message are the base: `invitation_sent` per member times "
        "acceptance = K.",
    )
    campaign: str = _planted("CAMP-REFERRAL-2026-04", "活动", "campaign")
    channel_code: str = _planted("QD-REFERRAL", "渠道活码", "channel code")
    starts_on: date = _planted(date(2026, 4, 10), "开始", "starts on")
    seeds: int = _planted(4_000, "种子会员", "seed members")
    invitations_per_member: float = _planted(1.5, "人均邀请", "invitations per member")
    acceptance_rate: float = _planted(0.2, "接受率", "acceptance")

    @property
    def k(self) -> float:
        """Invitations per member times acceptance."""
        return self.invitations_per_member * self.acceptance_rate


@dataclass(frozen=True)
class RepurchaseIntervals:
    """Two categories that are bought again on their own clocks."""

    slug: ClassVar[str] = "repurchase_intervals"
    title: ClassVar[tuple[str, str]] = (
        "复购周期：面霜 45 天，鲜烘焙 12 天",
        "Repurchase interval: face cream 45 days, fresh bakery 12 days",
    )
    zh: ClassVar[str] = "同一客户两次购买同一品类的间隔，中位数面霜为 45 天、鲜烘焙为 12 天。"
    find: ClassVar[tuple[str, str]] = (
        "间隔分析：item_bought 到下一次 item_bought，品类相同，看中位数。",
        "Interval model: `item_bought` to the next `item_bought` of the same category, median.",
    )
    slow_category: str = _planted("面霜", "慢品类", "slow category")
    slow_days: int = _planted(45, "间隔中位数（天）", "median interval, days")
    slow_people: int = _planted(7_500, "人数", "people")
    fast_category: str = _planted("鲜烘焙", "快品类", "fast category")
    fast_days: int = _planted(12, "间隔中位数（天）", "median interval, days")
    fast_people: int = _planted(1_200, "人数", "people")


COUPON = CouponCampaign()
SEEDING = SeedingCampaign()
CARD = PackageCard()
LEAVING = LeavingCode()
GUIDE = OverSendingGuide()
REFERRAL = Referral()
INTERVALS = RepurchaseIntervals()
TRUTHS = (COUPON, SEEDING, CARD, LEAVING, GUIDE, REFERRAL, INTERVALS)
"""All planted truths, in the order of the page. A new one: a class above, its place here, the
code that plants it, and a test that finds it."""
