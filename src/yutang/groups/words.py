"""Words by which questions and complaints are found in what customers write: lists that a brand
edits, with defaults by trade. Pure; a text is looked at and not kept.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from yutang.errors import BadInput

MOST_WORDS, LONGEST = 2_000, 40
_BLANK = r"[\t\n\v\f\r ]+"
QUESTION = (
    "?", "吗", "怎么", "怎样", "如何", "多少", "几点", "几号", "几天", "什么", "啥",
    "哪里", "哪儿", "哪个", "哪款", "谁", "为什么", "为啥", "能不能", "可不可以", "可以不",
    "行不行",
    "有没有", "有货", "是不是", "求推荐", "请问", "求链接",
)  # fmt: skip
COMPLAINT = (
    "投诉", "差评", "退款", "退货", "退钱", "假货", "骗人", "骗子", "坑人", "垃圾", "失望", "太差",
    "很差", "质量差", "破损", "坏了", "少发", "漏发", "发错", "没收到", "一直不发货", "还不发货",
    "不发货", "没人理", "没人回", "不回复", "客服呢", "态度差", "维权", "12315", "曝光", "举报",
    "虚假宣传", "先涨价", "再也不买", "不会再买", "上当",
)  # fmt: skip
TRADES: Mapping[str, tuple[tuple[str, str], Sequence[str]]] = {
    "beauty": (
        ("美妆护肤", "beauty"),
        ("过敏", "烂脸", "红肿", "刺痛", "闷痘", "爆痘", "起疹", "假滑", "搓泥", "漏液", "泵头坏",
         "临期", "没效果"),
    ),
    "food": (
        ("食品", "food"),
        ("变质", "发霉", "异物", "有虫", "过期", "临期", "拉肚子", "吃坏", "胀袋", "漏气", "化了",
         "不新鲜", "味道不对", "碎了"),
    ),
    "clothing": (
        ("服饰鞋包", "clothing"),
        ("褪色", "掉色", "起球", "开线", "脱线", "缩水", "色差大", "尺码不准", "有味道", "开胶",
         "断底", "货不对板"),
    ),
    "mother": (
        ("母婴", "mother and baby"),
        ("红屁股", "漏尿", "起红疹", "过敏", "不吸水", "断码", "有异味", "结块", "胀气",
         "日期不新"),
    ),
    "appliance": (
        ("家电数码", "appliances"),
        ("不制热", "不制冷", "充不进电", "死机", "噪音大", "漏水", "发烫", "开不了机", "返修",
         "售后推"),
    ),
}  # fmt: skip


@dataclass(frozen=True)
class WordLists:
    """Lower-case words; a text with any of them is a question, or a complaint. Words written as
    `!没坏` (with an exclamation mark) take a hit back: such phrases are cut out before looking."""

    question: tuple[str, ...] = QUESTION
    complaint: tuple[str, ...] = COMPLAINT

    @property
    def mark(self) -> str:
        """Changes when a list does."""
        text = "\n".join(("q", *self.question, "c", *self.complaint))
        return sha256(text.encode()).hexdigest()[:16]


def plain(text: str) -> str:
    """Full-width letters as usual ones, lower case, blanks gone: as words are compared."""
    return re.sub(_BLANK, "", unicodedata.normalize("NFKC", text)).lower()


def clean(words: Iterable[str]) -> tuple[str, ...]:
    """The list as it is kept: trimmed, each once, in order. Raises BadInput."""
    found: dict[str, None] = {}
    for word in words:
        text = plain(word)
        if not text or text == "!":
            continue
        if len(text) > LONGEST:
            raise BadInput(
                "“%(word)s…” is longer than %(n)d characters.",
                hint="One word or short phrase a line.",
                word=text[:12],
                n=LONGEST,
            )
        found[text] = None
    if len(found) > MOST_WORDS:
        raise BadInput(
            "The list has more than %(n)d words.", hint="Shorter lists miss less.", n=MOST_WORDS
        )
    return tuple(found)


def split(words: Sequence[str]) -> tuple[list[str], list[str]]:
    """(words, phrases that take a hit back); both in the form that texts are compared in."""
    kept = [plain(word) for word in words]
    usual = [word for word in kept if not word.startswith("!")]
    return usual, [word[1:] for word in kept if word.startswith("!") and len(word) > 1]


def hits(text: str, words: Sequence[str]) -> list[str]:
    """The words of a list in a text (for trying a sentence)."""
    usual, excused = split(words)
    seen = plain(text)
    if excused:
        seen = re.sub(_any(excused), "\n", seen)
    return [word for word in usual if word in seen]


def find(texts: pa.Array, words: Sequence[str]) -> NDArray[np.bool_]:
    """Which texts (n, null allowed) hold a word of the list: as `hits`, for many."""
    usual, excused = split(words)
    if not usual or not len(texts):
        return np.zeros(len(texts), bool)
    seen = pc.utf8_normalize(texts.cast(pa.string()), "NFKC")
    seen = pc.utf8_lower(pc.replace_substring_regex(seen, _BLANK, ""))
    if excused:
        seen = pc.replace_substring_regex(seen, _any(excused), "\n")
    found = pc.match_substring_regex(seen, _any(usual))
    return np.asarray(pc.fill_null(found, False))


def _any(words: Sequence[str]) -> str:
    """A pattern for any of the words, the longer first."""
    quoted = (re.sub(r"([\\.+*?()|\[\]{}^$\-])", r"\\\1", word) for word in words)
    return "|".join(sorted(quoted, key=len, reverse=True))
