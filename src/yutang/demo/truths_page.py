"""Renders `truths.py` as docs/concepts/demo-truths.md, the page that says what is planted."""

from __future__ import annotations

import dataclasses
import inspect
import sys
from datetime import date

from yutang.demo.simulation import SEED
from yutang.demo.truths import CUSTOMERS, ENDS_ON, STARTS_ON, TRUTHS

_HEAD = f"""# What is true in the simulated brand 模拟品牌的真相

<!-- Rendered from src/yutang/demo/truths.py; change it there, then:
     .venv/bin/python -m yutang.demo.truths_page > docs/concepts/demo-truths.md -->

The demo's second brand, 塘小鱼, does not exist. {CUSTOMERS:,} invented customers buy beauty and
food on Tmall, in stores and in its private domain from {STARTS_ON} to {ENDS_ON}. Which products lie
together, how many, at which hour and after which pause is drawn from the real baskets of Complete
Journey; names, prices, people and campaigns are invented. There are no names and no phone numbers.
Every page of this brand carries the label 模拟.

演示的第二个品牌“塘小鱼”并不存在。{CUSTOMERS:,} 名虚构客户在天猫、门店和私域购买美妆与食品；
篮子的结构、时段与间隔取自 Complete Journey 的真实购物篮，其余都是虚构的。
我们在里面埋下了下面这些真相：一个好的分析应当能把它们找出来，并且不被表面现象骗过去。

The default seed is {SEED}: of the seeds tried, the first whose chance errors are all small, so that
estimates come out near the truths. With another seed, each 95 % interval misses its truth one time
in twenty, as it should. A smaller simulation scales the numbers of people.

Each person's ids are linked by events (`contact_added`, `member_bound`) and by nothing else: linked
rightly, they are exactly {CUSTOMERS:,} customers.
"""


def render() -> str:
    """The page as Markdown."""
    return "\n".join([_HEAD, *(_section(truth) for truth in TRUTHS)]).rstrip() + "\n"


def _section(truth: object) -> str:
    kind = type(truth)
    zh_title, en_title = kind.title  # type: ignore[attr-defined]
    zh_find, en_find = kind.find  # type: ignore[attr-defined]
    rows = []
    for field in dataclasses.fields(truth):  # type: ignore[arg-type]
        labels = f"{field.metadata['zh']} | {field.metadata['en']}"
        rows.append(f"| {labels} | {_shown(getattr(truth, field.name))} |")
    return "\n".join(
        [
            f"## {zh_title} · {en_title}",
            "",
            kind.zh,  # type: ignore[attr-defined]
            "",
            inspect.cleandoc(kind.__doc__ or ""),
            "",
            f"- 怎样找到：{zh_find}",
            f"- How to find it: {en_find}",
            "",
            "| 埋下的 | planted | |",
            "|---|---|---|",
            *rows,
            "",
        ]
    )


def _shown(value: object) -> str:
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, int):
        return f"{value:,}"
    return value.isoformat() if isinstance(value, date) else f"`{value}`"


if __name__ == "__main__":
    sys.stdout.write(render())
