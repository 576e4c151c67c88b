"""What may be shown of personal values."""

from __future__ import annotations

from yutang.identity import mask, mask_text, shown

PHONE = "13800138000"


def test_masking() -> None:
    assert mask_text("https://a.cn/?m=13800138000&t=1795356654131") == (
        "https://a.cn/?m=138****8000&t=1795356654131"
    )
    assert mask_text("+86 138-0013-8000") == "138****8000"
    assert mask_text("11010519491231002X") == "11****002X"
    assert mask_text("a=ann%40shop.cn") == "a=a***%40shop.cn"
    assert mask_text("2026-11-22 13:50:00.123") == "2026-11-22 13:50:00.123"
    assert mask({"x": [True, 3, 1.5, None, PHONE]}) == {"x": [True, 3, 1.5, None, "138****8000"]}
    assert mask("so 0044-7700-9 it is", [("0044-7700-9", "004****00-9")]) == "so 004****00-9 it is"
    assert shown("phone", "12345") == "1****"
    assert shown("member_no", "m-1") == "m-1"
