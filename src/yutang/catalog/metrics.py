"""Metrics: what each number on a page is called, how it is made, and what is normal.

`docs/concepts/metrics.md` carries the same text with a worked example; a test holds them together.
A metric is here only when the facts of today allow it. P is the chosen period in business days.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from yutang.errors import NotFound

Unit = Literal["fen", "count", "rate", "ratio", "days"]
Better = Literal["up", "down", "none"]

REPURCHASE_WINDOW_DAYS = 365  # shared definition: 365 days, rolling, ending with P
SILENT_DAYS = 180  # without an act of his own a member no longer counts as reachable
REFUNDS_CLOSE_DAYS = 30  # refunds keep coming in; younger net numbers are provisional


@dataclass(frozen=True)
class Metric:
    """One metric. `better` says whether a larger value is good news, bad news or neither."""

    id: str
    zh: str
    en: str
    unit: Unit
    formula_zh: str
    formula_en: str
    normal_zh: str
    normal_en: str
    better: Better


_OWN = ("看自己的趋势", "its own trend")

METRICS: tuple[Metric, ...] = (
    Metric(
        "gmv_paid",
        "支付金额",
        "GMV paid",
        "fen",
        "P 内支付的订单金额之和，按支付日，含运费，之后的退款不扣（与生意参谋同口径）",
        "amounts of orders paid in P by payment day, freight in, later refunds not deducted",
        *_OWN,
        "up",
    ),
    Metric(
        "gmv_net",
        "净成交额",
        "GMV net",
        "fen",
        "支付金额 − 退款成功金额，退款记在原订单的支付日；没有原订单的冲销单记在它自己的日期",
        "GMV paid − succeeded refunds, booked to the payment day of their order; "
        "a cancellation without its order counts on its own day",
        *_OWN,
        "up",
    ),
    Metric(
        "orders",
        "支付订单数",
        "paid orders",
        "count",
        "P 内支付的订单数，没有客户身份的订单也算",
        "orders paid in P, orders without a known customer included",
        *_OWN,
        "up",
    ),
    Metric(
        "buyers",
        "支付客户数",
        "buyers",
        "count",
        "P 内至少支付一单的客户，去重；没有身份的订单无法归到人，不算",
        "distinct customers who paid at least one order in P; "
        "orders without an identity cannot be tied to a person and are left out",
        *_OWN,
        "up",
    ),
    Metric(
        "new_buyers",
        "新客",
        "new buyers",
        "count",
        "首笔支付订单（全部店铺、全部历史）落在 P 内的客户",
        "customers whose first paid order, over all shops and all history, falls in P",
        *_OWN,
        "up",
    ),
    Metric(
        "returning_buyers",
        "老客",
        "returning buyers",
        "count",
        "P 内支付过、首笔支付订单早于 P 的客户",
        "customers who paid in P and whose first paid order is earlier than P",
        *_OWN,
        "up",
    ),
    Metric(
        "repurchase_rate",
        "复购率",
        "repurchase rate",
        "rate",
        "截至 P 末滚动 365 天内，在 2 个及以上不同日期支付的客户 ÷ 支付客户",
        "customers who paid on 2 or more days ÷ customers who paid, "
        "in the rolling 365 days that end with P",
        *_OWN,
        "up",
    ),
    Metric(
        "upt",
        "连带率",
        "items per order",
        "ratio",
        "件数 ÷ 支付订单数，赠品（0 元行）不计；称重或按量计的行（数量带小数或超过 1,000）算 1 件",
        "items ÷ paid orders, gifts (lines of 0 yuan) left out; a line that is weighed or measured "
        "(a fraction, or more than 1,000) is one item",
        *_OWN,
        "up",
    ),
    Metric(
        "items_per_buyer",
        "人均件数",
        "items per buyer",
        "ratio",
        "有客户身份的订单的件数 ÷ 支付客户数，赠品不计",
        "items of orders with a known customer ÷ buyers, gifts left out",
        *_OWN,
        "up",
    ),
    Metric(
        "arpb",
        "客单价",
        "GMV per buyer",
        "fen",
        "有客户身份的订单的支付金额 ÷ 支付客户数",
        "GMV paid of orders with a known customer ÷ buyers",
        *_OWN,
        "up",
    ),
    Metric(
        "per_order",
        "笔单价",
        "GMV per order",
        "fen",
        "支付金额 ÷ 支付订单数（门店常把它叫客单价）",
        "GMV paid ÷ paid orders",
        *_OWN,
        "up",
    ),
    Metric(
        "private_share",
        "私域占比",
        "private share",
        "rate",
        "私域净成交额 ÷ 全部净成交额；私域净成交额 = 支付时在鱼塘里的客户在自有（私域）店铺的订单；"
        "还没有关系数据时，自有店铺的订单都算，并注明",
        "private GMV net ÷ GMV net; private = orders in owned (private) shops by customers who "
        "were in the pool when they paid; while no relation data exist all orders of owned shops "
        "count, and the page says so",
        "参考 15%",
        "reference 15 %",
        "up",
    ),
    Metric(
        "member_share",
        "私域客户贡献占比",
        "share of pool members",
        "rate",
        "支付时在鱼塘里的客户在所有店铺的净成交额 ÷ 全部净成交额",
        "GMV net in every shop from customers who were in the pool when they paid ÷ GMV net",
        *_OWN,
        "up",
    ),
    Metric(
        "refund_rate",
        "退款率",
        "refund rate",
        "rate",
        "P 内支付订单的退款金额 ÷ 它们的支付金额，支付满 30 天才算定",
        "refunds of orders paid in P ÷ what was paid for them, final 30 days after payment",
        *_OWN,
        "down",
    ),
    Metric(
        "repurchase_ratio",
        "复购比",
        "repurchase ratio",
        "ratio",
        "私域店铺每客户订单数 ÷ 公域店铺每客户订单数，同一 P，未按人群匹配",
        "orders per buyer in private shops ÷ orders per buyer in public shops, same P, unmatched",
        "参考 1.2",
        "reference 1.2",
        "up",
    ),
    Metric(
        "items_ratio",
        "件数比",
        "items ratio",
        "ratio",
        "私域店铺每单件数 ÷ 公域店铺每单件数，同一 P",
        "items per order in private shops ÷ items per order in public shops, same P",
        "大于 1",
        "above 1",
        "up",
    ),
    Metric(
        "pool_stock",
        "鱼塘水位",
        "pool",
        "count",
        "P 末在鱼塘里的客户：至少有一个有效的自有关系（加着企微、在群里、关注着），"
        "且 180 天内有过自己的行为",
        "customers in the pool at the end of P: at least one live owned relation (WeCom contact, "
        "group, follow) and an act of their own within 180 days",
        *_OWN,
        "up",
    ),
    Metric(
        "pool_inflow",
        "入塘",
        "pool inflow",
        "count",
        "P 内进入鱼塘的人次：首次进入，加上离开后回来的",
        "entries into the pool in P: first ones, and returns after having left",
        "大于出塘",
        "above the outflow",
        "up",
    ),
    Metric(
        "pool_outflow",
        "出塘",
        "pool outflow",
        "count",
        "P 内离开鱼塘的人次：最后一个关系断了（删除、退群、取关），或沉默满 180 天",
        "exits from the pool in P: the last relation ended (deleted, left, unfollowed), "
        "or 180 days of silence",
        "小于入塘",
        "below the inflow",
        "down",
    ),
    Metric(
        "customers",
        "客户总数",
        "customers",
        "count",
        "到 P 末见过的客户（任何事实），合并的身份只算一个人",
        "customers seen by the end of P in any fact, merged identities counted as one person",
        *_OWN,
        "up",
    ),
    Metric(
        "identified_share",
        "订单识别率",
        "identified share of orders",
        "rate",
        "P 内有客户身份的支付订单 ÷ 支付订单",
        "paid orders with a known customer ÷ paid orders, in P",
        "线上接近 100%，门店看会员扣码率",
        "near 100 % online; in stores it is the share of member check-outs",
        "up",
    ),
)
BY_ID = {metric.id: metric for metric in METRICS}


def metric_of(id_: str) -> Metric:
    """The metric with this id. Raises NotFound."""
    if id_ not in BY_ID:
        raise NotFound("There is no metric “%(id)s”.", id=id_)
    return BY_ID[id_]
