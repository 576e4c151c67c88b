"""Why a record, a row or a value was set aside, and what a person can do about it.

One list for order files, event files and the collector: quarantine rows and row errors carry
`code`; pages show the sentence and the remedy in the reader's language.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Reason:
    """A stable code with one sentence and one remedy in each language."""

    code: str
    zh: str
    en: str
    remedy_zh: str
    remedy_en: str


REASONS: tuple[Reason, ...] = (
    Reason(
        "value_misfit",
        "值与这一列已登记的类型不符",
        "the value does not fit the registered type of its property",
        "改正来源里的值，或在事件字典里另建一个属性，然后重放",
        "correct the value at its source, or use another property, then replay",
    ),
    Reason(
        "unreadable_time",
        "时间读不懂",
        "the time cannot be read",
        "写成 2024-05-01 12:00:00 这样的形式再导入；若是“月/日/年”，在映射里选对日期顺序",
        "write it like 2024-05-01 12:00:00; for month/day/year set the date order in the mapping",
    ),
    Reason(
        "unreadable_amount",
        "金额读不懂",
        "the amount cannot be read",
        "改成数字（可带元、¥、千分位逗号）再导入",
        "make it a number (元, ¥ and thousands commas are fine) and import again",
    ),
    Reason(
        "unreadable_number",
        "数量读不懂",
        "the number cannot be read",
        "改成数字再导入",
        "make it a number and import again",
    ),
    Reason(
        "missing_order_id",
        "没有订单号",
        "there is no order number",
        "补上订单号；合并单元格请先取消合并并向下填充",
        "fill in the order number; unmerge merged cells and fill down first",
    ),
    Reason(
        "missing_event_name",
        "没有事件名",
        "there is no event name",
        "补上 event 字段后重放",
        "add the field `event`, then replay",
    ),
    Reason(
        "missing_time",
        "没有时间",
        "there is no time",
        "补上 time 字段（ISO 8601 或 Unix 毫秒）后重放",
        "add the field `time` (ISO 8601 or Unix milliseconds), then replay",
    ),
    Reason(
        "missing_identity",
        "没有任何可用的身份",
        "there is no usable identity",
        "至少给出一个身份，例如 phone、unionid、anonymous_id；打码的值不算",
        "give at least one identity such as phone, unionid, anonymous_id; masked ones do not count",
    ),
    Reason(
        "unknown_identity_kind",
        "身份种类的写法不对",
        "the kind of an identity is not well formed",
        "种类只用小写字母、数字和下划线",
        "use lower-case letters, digits and underscores for kinds",
    ),
    Reason(
        "malformed_row",
        "这一行的列数与表头不符，或含有无法解码的字符",
        "the row has another number of cells than the header, or undecodable characters",
        "在表格软件里核对这一行的引号与分隔符，或改存为 XLSX 再导入",
        "check the quotes and separators of this row, or save the file as XLSX and import again",
    ),
    Reason(
        "malformed_json",
        "不是合法的 JSON",
        "it is not valid JSON",
        "每行一个完整的 JSON 对象，编码为 UTF-8",
        "write one complete JSON object per line, in UTF-8",
    ),
    Reason(
        "malformed_record",
        "字段的形状不对",
        "a field has the wrong shape",
        "对照文档里的行格式检查字段与类型",
        "compare fields and types with the line format in the docs",
    ),
    Reason(
        "id_reused",
        "同一个消息编号送来了不同的内容",
        "the same message id came with other content",
        "让发送方为每条消息使用新的编号",
        "let the sender use a new id for each message",
    ),
    Reason(
        "conflicting_order_amount",
        "同一订单在各行里的订单金额不一致，已取最新一行",
        "rows of one order disagree about its amount; the newest row was taken",
        "核对该订单；若该列其实是每件商品的金额，在映射里改为商品金额",
        "check the order; if the column is an amount per item, map it as the item amount",
    ),
    Reason(
        "refund_over_paid",
        "退款金额大于实付金额",
        "the refund is larger than what was paid",
        "核对实付与退款是否选对了列；两个数都照文件原样保存",
        "check the columns mapped as paid and refund; both are stored as the file says",
    ),
    Reason(
        "too_large",
        "内容过长或数值过大",
        "the content is too long or the number too large",
        "缩短内容或核对单位后再导入",
        "shorten it, or check the unit, and import again",
    ),
    Reason(
        "refused_identity",
        "此人已被清除，不再接收其数据",
        "this person was erased; data about them are refused",
        "无需处理；如本人重新授权，请由管理员从拒收名单移除",
        "nothing to do; if the person consents anew an admin may lift the refusal",
    ),
    Reason(
        "name_invalid",
        "名称不合规则",
        "the name is not allowed",
        "以字母、下划线或 $ 开头，最多 100 个字母、数字、下划线或 $，且不用保留字",
        "start with a letter, _ or $; up to 100 letters, digits, _ or $; no reserved words",
    ),
    Reason(
        "too_many_properties",
        "属性太多",
        "there are too many properties",
        "减少属性，或把不分析的内容合并为一个",
        "send fewer properties, or put what is not analysed into one",
    ),
    Reason(
        "time_out_of_range",
        "时间太早或在未来",
        "the time is too far in the past or in the future",
        "校准发送设备的时钟，或在设置里放宽时间窗",
        "set the sender's clock right, or widen the time window in the settings",
    ),
    Reason(
        "not_in_dictionary",
        "事件字典里没有它（严格模式）",
        "the event dictionary does not hold it (strict mode)",
        "在事件字典里添加该事件或属性，然后重放；或忽略",
        "add the event or property to the dictionary, then replay; or dismiss it",
    ),
    Reason(
        "reserved_event",
        "这个事件名由订单生成，不能直接上报",
        "this event is made from orders and cannot be sent",
        "请换一个事件名；订单请通过订单文件或接口导入",
        "send it under another name; bring orders in as orders",
    ),
    Reason(
        "personal_value",
        "属性里有手机号、身份证号或邮箱，按规则未收下",
        "the property held a phone number, id card or e-mail address, refused by rule",
        "请在来源处去掉它；确需保留时在事件字典里修改该属性的隐私规则",
        "remove it at its source, or change the property's rule in the dictionary",
    ),
    Reason(
        "unreadable_request",
        "整个请求无法读取",
        "the whole request cannot be read",
        "检查 SDK 的版本与上报地址；持续出现请联系我们",
        "check the SDK's version and its server address; tell us where it goes on",
    ),
    Reason(
        "damaged_body",
        "请求内容无法解压或解码",
        "the body cannot be decompressed or decoded",
        "检查发送端与代理是否改动或截断了请求内容",
        "check whether the sender or a proxy changes or truncates requests",
    ),
    Reason(
        "encrypted_body",
        "内容经过加密，平台没有密钥",
        "the content is encrypted with a key that we do not hold",
        "在 SDK 里关闭数据加密插件，改用 HTTPS 传输",
        "switch the encryption plug-in of the SDK off and send over HTTPS",
    ),
    Reason(
        "too_deep",
        "对象或列表嵌套太深",
        "objects or lists are nested too deeply",
        "减少嵌套层数，把要分析的内容放到最外层属性里",
        "nest less, and put what is analysed into properties of the record itself",
    ),
    Reason(
        "too_many_records",
        "一次请求里的记录太多",
        "there are too many records in one request",
        "减小 SDK 每批的条数",
        "let the SDK send smaller batches",
    ),
    Reason(
        "unknown_record_type",
        "不认识的记录类型",
        "the type of the record is not known",
        "对照该 SDK 的文档检查 type 字段",
        "check the field `type` against the documentation of the SDK",
    ),
)
BY_CODE: dict[str, Reason] = {reason.code: reason for reason in REASONS}


def reason_of(code: str) -> Reason:
    """The reason with this code; raises KeyError, since codes are ours and never come from data."""
    return BY_CODE[code]
