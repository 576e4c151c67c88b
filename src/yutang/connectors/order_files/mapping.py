"""What a column of an order file means: the fields, and a Mapping from headers to fields."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import msgspec

from yutang.catalog.orders import STATUSES
from yutang.errors import BadInput

Kind = Literal["id", "text", "money", "number", "time", "status", "phone"]
Level = Literal["order", "line"]
Scope = Literal["order", "line", "auto"]


@dataclass(frozen=True)
class Field:
    """One meaning a column can have. `level` says whether it belongs to the order or an item."""

    code: str
    zh: str
    en: str
    kind: Kind
    level: Level


FIELDS: tuple[Field, ...] = (
    Field("order_id", "订单号", "order number", "id", "order"),
    Field("platform", "平台", "platform", "text", "order"),
    Field("shop", "店铺", "shop", "id", "order"),
    Field("status", "订单状态", "order status", "status", "order"),
    Field("created_at", "下单时间", "created at", "time", "order"),
    Field("paid_at", "付款时间", "paid at", "time", "order"),
    Field("shipped_at", "发货时间", "shipped at", "time", "order"),
    Field("finished_at", "完成时间", "finished at", "time", "order"),
    Field("closed_at", "关闭时间", "closed at", "time", "order"),
    Field("refunded_at", "退款时间", "refunded at", "time", "order"),
    Field("modified_at", "修改时间", "modified at", "time", "order"),
    Field("paid", "订单实付金额", "order amount paid", "money", "order"),
    Field("refund", "订单退款金额", "order refund", "money", "order"),
    Field("freight", "运费", "freight", "money", "order"),
    Field("platform_discount", "平台优惠", "platform discount", "money", "order"),
    Field("shop_discount", "店铺优惠", "shop discount", "money", "order"),
    Field("order_quantity", "订单总件数", "items in the order", "number", "order"),
    Field("buyer", "买家账号", "buyer account", "id", "order"),
    Field("buyer_kind", "买家账号种类", "kind of buyer account", "text", "order"),
    Field("phone", "手机号", "phone", "phone", "order"),
    Field("phone_expires", "虚拟号过期时间", "virtual number expires", "text", "order"),
    Field("member_no", "会员号", "member number", "id", "order"),
    Field("channel", "渠道", "channel", "id", "order"),
    Field("store", "门店", "store", "id", "order"),
    Field("guide", "导购", "guide", "text", "order"),
    Field("province", "省", "province", "text", "order"),
    Field("city", "市", "city", "text", "order"),
    Field("address", "收货地址", "address", "text", "order"),
    Field("line_id", "子订单号", "sub-order number", "id", "line"),
    Field("item_id", "商品编号", "item id", "id", "line"),
    Field("sku_id", "规格编号", "SKU id", "id", "line"),
    Field("sku_code", "商家编码", "merchant code", "id", "line"),
    Field("title", "商品名称", "item title", "text", "line"),
    Field("spec", "规格", "spec", "text", "line"),
    Field("category", "品类", "category", "text", "line"),
    Field("brand", "品牌", "brand", "text", "line"),
    Field("quantity", "数量", "quantity", "number", "line"),
    Field("unit_price", "单价", "unit price", "money", "line"),
    Field("item_paid", "商品实付金额", "item amount paid", "money", "line"),
    Field("item_refund", "商品退款金额", "item refund", "money", "line"),
    Field("refund_status", "售后状态", "after-sales status", "text", "line"),
    Field("item_count", "商品种类数", "kinds of items", "number", "line"),
)
FIELD_BY_CODE: dict[str, Field] = {field.code: field for field in FIELDS}
# A file whose mapped money column is gone must not be read as if it had said nothing.
MONEY_OF_RECORD = ("paid", "refund", "item_paid", "item_refund")
ITEM_FIELDS = ("line_id", "item_id", "sku_id", "sku_code", "title")


class Mapping(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How one kind of file is read. JSON-serialisable; saved ones are the user's own presets.

    columns: field -> headers. Money and number fields add their columns up; any other field takes
    the first that is not blank. constants: field -> text used where no column gives one (platform,
    shop, channel, store, brand, category). statuses: exact status text -> status code, before the
    built-in wording rules. refunded: texts which, inside the after-sales or order status, mean all
    of the money went back. amount_scope: whether order-level money is repeated in each row
    (`order`), belongs to the row (`line`), or is to be found out per file (`auto`).
    separators: what joins several items in one cell; empty when cells are never joined.
    per_line: order-level money fields that must be added up over the rows.
    """

    preset: str | None = None
    columns: dict[str, tuple[str, ...]] = {}
    constants: dict[str, str] = {}
    buyer_kind: str | None = None
    statuses: dict[str, str] = {}
    refunded: tuple[str, ...] = ()
    closed_means_refunded: bool = False
    amount_unit: Literal["yuan", "fen"] = "yuan"
    amount_scope: Scope = "order"
    price_times_quantity: bool = False
    cancel_prefix: str | None = None
    separators: tuple[str, ...] = ()
    per_line: tuple[str, ...] = ()
    prefixes: dict[str, str] = {}
    blanks: dict[str, tuple[str, ...]] = {}
    date_order: Literal["ymd", "mdy", "dmy"] = "ymd"
    zone: str | None = None

    def has(self, field: str) -> bool:
        """Whether some column is mapped to this field."""
        return bool(self.columns.get(field))

    @property
    def has_items(self) -> bool:
        return any(self.has(field) for field in ITEM_FIELDS)

    def to_json(self) -> str:
        return msgspec.json.encode(self).decode()

    @classmethod
    def from_json(cls, text: str | bytes) -> Mapping:
        """Read a saved mapping; raises BadInput when it is not one."""
        try:
            mapping = msgspec.json.decode(text, type=cls)
        except msgspec.MsgspecError as error:
            raise BadInput(
                "This is not a mapping: %(detail)s", code="bad_mapping", detail=str(error)
            ) from error
        return mapping.checked()

    def checked(self) -> Mapping:
        """Itself, if every field and status it names exists; raises BadInput otherwise."""
        names = [*self.columns, *self.constants, *self.per_line, *self.prefixes, *self.blanks]
        for name in names:
            if name not in FIELD_BY_CODE:
                raise BadInput(
                    "The mapping names an unknown field: %(field)s.", code="bad_mapping", field=name
                )
        for code in self.statuses.values():
            if code not in STATUSES:
                raise BadInput(
                    "The mapping names an unknown status: %(status)s.",
                    code="bad_mapping",
                    status=code,
                )
        if not self.has("order_id"):
            raise BadInput(
                "No column is mapped to the order number.",
                hint="Choose the column that holds it.",
                code="bad_mapping",
            )
        return self
