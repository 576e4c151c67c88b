"""What a number means: its formula, where it comes from, what is normal."""

from __future__ import annotations

from typing import Any

from pydantic import Field, model_validator

from yutang.analysis import get_model
from yutang.catalog.metrics import BY_ID, METRICS, metric_of
from yutang.errors import NotFound
from yutang.mcp.contract import Arguments, Call
from yutang.mcp.documents import document_of, row_of, sections

BETTER = {"up": "more is better", "down": "less is better", "none": "neither is better"}
SOURCES = "facts of the lake as customers own them today (identities merged), in business days"


class Number(Arguments):
    metric: str = Field("", max_length=60, description="Id of a metric of the overview: gmv_net …")
    model: str = Field("", max_length=40, description="Or a model, with")
    column: str = Field("", max_length=60, description="a column of its answer: people, rate …")

    @model_validator(mode="after")
    def _one_of_them(self) -> Number:
        if bool(self.metric) == bool(self.model):
            raise ValueError("give either `metric`, or `model` with `column`")
        return self


def explain_number(call: Call, asked: Number) -> dict[str, Any]:
    if asked.metric:
        return _metric(call, asked.metric)
    return _of_model(call, asked.model, asked.column)


def _metric(call: Call, name: str) -> dict[str, Any]:
    if name not in BY_ID:
        raise NotFound(
            "There is no metric “%(id)s”.",
            hint="There are: %(metrics)s.",
            id=name,
            metrics=", ".join(one.id for one in METRICS),
        )
    metric = metric_of(name)
    return {
        "metric": metric.id,
        "zh": metric.zh,
        "en": metric.en,
        "unit": metric.unit,
        "formula_zh": metric.formula_zh,
        "formula": metric.formula_en,
        "source": f"the overview's figures, made from {SOURCES}; P is the chosen period",
        "normal_zh": metric.normal_zh,
        "normal": metric.normal_en,
        "direction": BETTER[metric.better],
        "document": "docs/concepts/metrics.md",
        "page": call.link("overview"),
    }


def _of_model(call: Call, name: str, column: str) -> dict[str, Any]:
    model = get_model(name)
    parts = sections(document_of(model.NAME))
    # A page may have several: one for pages, one for channel codes.
    counted = "\n\n".join(
        text for heading, text in parts.items() if heading.startswith("What is counted")
    )
    said = row_of(counted, column) if column else ""
    if column and parts[""] and not said:
        raise NotFound(
            "The page of “%(model)s” has no column “%(column)s”.",
            hint="Its columns are in the answer of run_model; leave `column` out for the whole"
            " page's account.",
            model=model.NAME,
            column=column,
        )
    return {
        "model": model.NAME,
        "column": column,
        "question": model.QUESTION[1],
        "meaning": said,
        "formula": counted,
        "source": SOURCES,
        "how_to_read": parts.get("How to read it", ""),
        "normal": parts.get("What is normal", ""),
        "traps": parts.get("Traps", ""),
        "document": f"docs/models/{model.NAME}.md",
        "page": call.link(f"analyse/{model.NAME}"),
    }
