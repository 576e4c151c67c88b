"""Sales platforms, and what a new shop on each is taken to be until somebody says otherwise."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Domain = Literal["private", "public", "store"]
DOMAINS: dict[str, tuple[str, str]] = {
    "private": ("私域", "private domain"),
    "public": ("公域", "public domain"),
    "store": ("门店", "store"),
}


@dataclass(frozen=True)
class Platform:
    code: str
    zh: str
    en: str
    domain: Domain
    one_number_space: bool = True  # no two of its shops ever give the same order number


PLATFORMS: tuple[Platform, ...] = (
    Platform("tmall", "淘宝/天猫", "Taobao/Tmall", "public"),
    Platform("jd", "京东", "JD", "public"),
    Platform("pdd", "拼多多", "Pinduoduo", "public"),
    Platform("douyin", "抖音", "Douyin", "public"),
    Platform("kuaishou", "快手", "Kuaishou", "public"),
    Platform("xiaohongshu", "小红书", "Xiaohongshu", "public"),
    Platform("youzan", "有赞", "Youzan", "private"),
    Platform("weidian", "微店", "Weidian", "private"),
    Platform("wechat_shop", "微信小店", "WeChat shop", "private"),
    Platform("mini_program", "自有小程序", "own mini-program", "private", one_number_space=False),
    Platform("pos", "门店收银", "store POS", "store", one_number_space=False),
    Platform("erp", "ERP", "ERP", "public", one_number_space=False),
    Platform("other", "其他", "other", "public", one_number_space=False),
)
BY_CODE = {platform.code: platform for platform in PLATFORMS}


def platform_of(code: str) -> Platform:
    return BY_CODE.get(code, BY_CODE["other"])
