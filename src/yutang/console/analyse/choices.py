"""What a person reads for the values that parameters choose from.

A model may bring words of its own (`labels`, see schema.py). Those that stand here are common to
several; `FIELD:value` is more special than `value`. A test asks for the words of every model.
"""

from __future__ import annotations

from yutang.console.language import mark

Pair = tuple[str, str]

WORDS: dict[str, Pair] = {
    # time
    "minute": ("分钟", "minutes"),
    "hour": ("小时", "hours"),
    "day": ("天", "days"),
    "week": ("周", "weeks"),
    "month": ("月", "months"),
    "quarter": ("季度", "quarters"),
    "year": ("年", "years"),
    "total": ("整个范围", "the whole range"),
    "same_day": ("当天之内", "the same day"),
    "unit:minute": ("分钟", "minute"),
    "unit:hour": ("小时", "hour"),
    "unit:day": ("天", "day"),
    "unit:week": ("周", "week"),
    "unit:month": ("月", "month"),
    "unit:quarter": ("季度", "quarter"),
    "unit:year": ("年", "year"),
    # counting
    "people": ("人数", "people"),
    "times": ("次数", "times"),
    "count": ("次数", "times"),
    "orders": ("订单数", "orders"),
    "times_per_person": ("人均次数", "times per person"),
    "sum": ("总和", "sum of"),
    "average": ("平均值", "average of"),
    "min": ("最小值", "smallest"),
    "max": ("最大值", "largest"),
    "median": ("中位数", "median of"),
    "percentile": ("百分位数", "percentile of"),
    "distinct": ("去重数", "different values of"),
    "days": ("天数", "days"),
    "hours": ("小时数", "hours"),
    # steps
    "ordered": ("依次", "one after the other"),
    "strict": ("紧接着依次", "directly one after the other"),
    "any": ("不分先后", "in any order"),
    "extend": ("也算", "count too"),
    "truncate": ("不算", "do not count"),
    # ranges
    "compare:": ("不对比", "nothing"),
    "previous": ("上一段同样长的时间", "the days before"),
    "last_year": ("去年同期", "the same days last year"),
    "custom": ("自定义", "days of my own"),
    "compare:segment": ("两个人群", "two segments"),
    # groups
    "multi": ("每个取值都算", "counts in each"),
    "single": ("只算第一个", "counts in the first"),
    "": ("不限", "nothing"),
    "true": ("是", "yes"),
    "false": ("否", "no"),
    # attribution
    "first": ("首次触点", "first touch"),
    "last": ("末次触点", "last touch"),
    "last_non_direct": ("末次非直接触点", "last touch that is not direct"),
    "linear": ("平均分给每次触点", "linear over touches"),
    "linear_distinct": ("平均分给不同渠道（夏普利值）", "linear over distinct channels (Shapley)"),
    "position": ("首尾各 40%", "position 40/20/40"),
    "decay": ("时间衰减", "time decay"),
    "time_decay": ("时间衰减", "time decay"),
    "markov": ("马尔可夫移除效应", "Markov removal effect"),
    "shapley": ("夏普利值", "Shapley value"),
    # retention
    "exact": ("恰好第 n 天（周、月）", "exactly on n"),
    "range": ("第 n 到 m", "from n to m"),
    "unbounded": ("第 n 及以后", "on n or later"),
    "or_later": ("第 n 及以后", "on n or later"),
    "later": ("第 n 及以后", "on n or later"),
    "cohorts:first": ("范围内第一次", "the first start in the range"),
    "cohorts:every": ("每一次", "every start"),
    "pair:every": ("每一次都配对", "every one"),
    "pair:nearest": ("只配最近的一次", "the nearest only"),
    "continuous": ("连续每一期", "in every one up to n"),
    "churn": ("首次缺席", "first absence"),
    # pages, layers, money
    "by:page": ("页面", "page"),
    "by:channel": ("渠道", "channel"),
    "address:path": ("只看路径", "path only"),
    "address:whole": ("整个地址", "the whole address"),
    "op:=": ("是", "is"),
    "op:contains": ("包含", "contains"),
    "op:starts": ("开头是", "begins with"),
    "op:ends": ("结尾是", "ends with"),
    "op:matches": ("匹配正则", "matches the pattern"),
    "yuan": ("元", "yuan"),
    "fen": ("分", "fen"),
    "layers:8": ("八层", "eight layers"),
    "layers:scores": ("5×5×5 打分", "5×5×5 scores"),
    "by:top": ("前百分之几", "top share"),
    "direct:out": ("不算", "do not count"),
    "direct:in": ("算", "count"),
    # directions, edges, keeping
    "from": ("从它开始", "starting from it"),
    "to": ("到它为止", "ending at it"),
    "start": ("从它开始", "starting from it"),
    "end": ("到它为止", "ending at it"),
    "forward": ("往后看", "onwards"),
    "backward": ("往前看", "backwards"),
    "fold": ("重复的合并", "repeats folded"),
    "keep": ("重复的保留", "repeats kept"),
    "fixed": ("固定值", "fixed"),
    "quantile": ("分位数", "quantiles"),
    "auto": ("自动", "automatic"),
    "none": ("无", "none"),
    "all": ("全部", "all"),
}

SAMPLE = "sample"

# What the button that adds a row says.
ADD: dict[str, str] = {
    "steps": mark("add a step"),
    "measures": mark("add a measure"),
    "group": mark("add a grouping"),
    "formulas": mark("add a formula"),
    "exclusions": mark("add an exclusion"),
}


def find_word(field: str, value: str) -> Pair | None:
    """The words of a value; None where only the value itself can be shown."""
    if field == SAMPLE:
        return ("所有人", "everybody") if value == "1" else (f"1/{value}", f"1/{value}")
    found = WORDS.get(f"{field}:{value}") or WORDS.get(value)
    is_number = value.lstrip("-").replace(".", "", 1).isdigit()
    return (value, value) if found is None and is_number else found


def word_of(field: str, value: str) -> Pair:
    return find_word(field, value) or (value, value)
