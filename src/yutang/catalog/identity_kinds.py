"""Kinds of identity and how strongly each ties facts to a person.

`person` joins people; `app` joins within its own app or shop; `device` never joins two known
people. Values of `hashed` kinds are kept only as a keyed hash with a masked form for display.
Masked text and Taobao's OAID (changes by shop, app and week) are never identities.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Strength = Literal["person", "app", "device"]


@dataclass(frozen=True)
class IdentityKind:
    code: str
    zh: str
    en: str
    strength: Strength
    hashed: bool = False


KINDS: tuple[IdentityKind, ...] = (
    IdentityKind("phone", "手机号", "phone", "person", hashed=True),
    IdentityKind("unionid", "微信 unionid", "WeChat unionid", "person"),
    IdentityKind("member_no", "会员号", "member number", "person"),
    IdentityKind("login_id", "登录账号", "login id", "person"),
    IdentityKind("email", "邮箱", "e-mail", "person", hashed=True),
    IdentityKind("external_userid", "企微外部联系人", "WeCom external contact", "app"),
    IdentityKind("openid", "openid", "openid", "app"),
    IdentityKind("tmall_buyer", "天猫/淘宝买家", "Tmall/Taobao buyer", "app"),
    IdentityKind("jd_buyer", "京东买家", "JD buyer", "app"),
    IdentityKind("pdd_buyer", "拼多多买家", "PDD buyer", "app"),
    IdentityKind("douyin_buyer", "抖音买家", "Douyin buyer", "app"),
    IdentityKind("shop_buyer", "店铺买家", "shop buyer", "app"),
    IdentityKind("household", "家庭", "household", "app"),
    # A tracker's id of which nobody says whether it is a login: it counts as a device until a
    # login of the same value is seen (its twin).
    IdentityKind("distinct_id", "埋点 distinct_id", "distinct id", "device"),
    IdentityKind("anonymous_id", "匿名号", "anonymous id", "device"),
    IdentityKind("device", "设备", "device", "device"),
    IdentityKind("cookie", "浏览器标识", "cookie", "device"),
)
BY_CODE = {kind.code: kind for kind in KINDS}


def kind_of(code: str) -> IdentityKind:
    """The kind with this code; an unknown code is an app-strength kind of its own."""
    return BY_CODE.get(code) or IdentityKind(code, code, code, "app")
