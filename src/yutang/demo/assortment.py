"""The invented assortment of the simulated brand 塘小鱼: 12 categories of 6 products.

Prices are multiples of 10 fen and discounts multiples of 10 %, so every paid amount is a whole
number of fen. The first two categories are the staples of `truths.INTERVALS`; they are bought on
their own clocks and never appear in other baskets.
"""

from __future__ import annotations

import numpy as np

from yutang.demo.truths import INTERVALS

BRAND = "塘小鱼"
PER_CATEGORY = 6

# category → (name, price in yuan), most popular first
_ASSORTMENT: dict[str, tuple[tuple[str, float], ...]] = {
    INTERVALS.slow_category: (
        ("神经酰胺修护面霜 50g", 168),
        ("积雪草舒缓面霜 50g", 148),
        ("玻色因紧致面霜 30g", 198),
        ("烟酰胺亮肤面霜 50g", 138),
        ("男士控油面霜 50g", 118),
        ("山茶花滋润面霜 50g", 158),
    ),
    INTERVALS.fast_category: (
        ("全麦鲜面包 400g", 25.8),
        ("海盐卷 6 枚", 29.9),
        ("北海道吐司 450g", 22.8),
        ("巴斯克蛋糕 4 寸", 49.9),
        ("肉松小贝 6 枚", 32.8),
        ("紫米欧包 2 枚", 27.8),
    ),
    "洁面": (
        ("氨基酸洁面乳 120g", 59),
        ("温和卸妆油 200ml", 79),
        ("清透洁面慕斯 150ml", 65),
        ("卸妆湿巾 60 片", 29.9),
        ("火山泥洁面膏 100g", 49.9),
        ("洁面皂 100g", 35.9),
    ),
    "精华": (
        ("烟酰胺精华 30ml", 119),
        ("玻尿酸次抛 30 支", 138),
        ("视黄醇晚间精华 20ml", 159),
        ("维 C 亮肤精华 30ml", 129),
        ("舒缓修护精华 30ml", 109),
        ("眼部精华 15ml", 99),
    ),
    "面膜": (
        ("补水面膜 10 片", 69.9),
        ("舒缓面膜 5 片", 49.9),
        ("清洁泥膜 100g", 79),
        ("睡眠面膜 80g", 89),
        ("胶原面膜 5 片", 99),
        ("眼膜 30 对", 59.9),
    ),
    "防晒": (
        ("清爽防晒乳 SPF50 60ml", 79),
        ("防晒喷雾 150ml", 59.9),
        ("隔离防晒霜 40g", 89),
        ("儿童防晒乳 50ml", 69),
        ("身体防晒乳 200ml", 65.9),
        ("防晒唇膏 3g", 25.9),
    ),
    "彩妆": (
        ("丝绒唇釉", 59),
        ("气垫粉底 15g", 109),
        ("眉笔 双头", 29.9),
        ("九色眼影盘", 89),
        ("睫毛膏", 49.9),
        ("定妆喷雾 100ml", 55),
    ),
    "身体护理": (
        ("果酸身体乳 250ml", 49.9),
        ("护手霜 3 支装", 39.9),
        ("香氛沐浴露 500ml", 45.9),
        ("氨基酸洗发水 500ml", 55),
        ("护发精油 60ml", 49),
        ("磨砂膏 200g", 36.9),
    ),
    "糕点": (
        ("蛋黄酥 6 枚", 39.9),
        ("绿豆糕 12 枚", 29.9),
        ("曲奇礼盒 300g", 59),
        ("雪花酥 200g", 25.9),
        ("桃酥 400g", 22.9),
        ("凤梨酥 8 枚", 36.9),
    ),
    "茶饮": (
        ("桂花乌龙 15 包", 39.9),
        ("茉莉绿茶 100g", 49),
        ("冻干咖啡 24 颗", 69.9),
        ("红豆薏米茶 30 包", 29.9),
        ("陈皮白茶 80g", 79),
        ("气泡果茶 6 瓶", 35.9),
    ),
    "坚果": (
        ("每日坚果 30 包", 89),
        ("盐焗腰果 250g", 39.9),
        ("奶油夏威夷果 250g", 36.9),
        ("原味核桃仁 500g", 45.9),
        ("冻干草莓 50g", 19.9),
        ("芒果干 300g", 25.9),
    ),
    "代餐": (
        ("黑芝麻丸 30 颗", 59),
        ("即食燕窝 6 瓶", 158),
        ("高蛋白奶昔 7 瓶", 79),
        ("即食燕麦 500g", 35.9),
        ("红枣银耳羹 6 碗", 49.9),
        ("鸡胸肉 10 袋", 65.9),
    ),
}

CATEGORIES: tuple[str, ...] = tuple(_ASSORTMENT)
SLOW, FAST, FIRST_USUAL = 0, 1, 2
"""Positions in CATEGORIES: the two staples, and the first of the usual ten."""

TITLES: tuple[str, ...] = tuple(name for items in _ASSORTMENT.values() for name, _ in items)
PRICES_FEN = np.array(
    [round(yuan * 100) for items in _ASSORTMENT.values() for _, yuan in items], np.int64
)
ITEM_IDS: tuple[str, ...] = tuple(f"TXY{1001 + i}" for i in range(len(TITLES)))
CATEGORY_OF = np.arange(len(TITLES)) // PER_CATEGORY
