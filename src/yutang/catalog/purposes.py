"""What people are asked to agree to (PIPL: 告知同意, 自动化决策, 向他人提供, 敏感个人信息)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Purpose:
    """A purpose. what_zh, what_en: what a withdrawal means here."""

    code: str
    zh: str
    en: str
    what_zh: str
    what_en: str


PURPOSES: tuple[Purpose, ...] = (
    Purpose(
        "marketing", "营销信息", "marketing messages",
        "撤回后不应再向此人发营销内容；人群条件可以按它排除。",
        "After a withdrawal nobody should send him marketing; segments can leave him out by it.",
    ),
    Purpose(
        "profiling", "个性化画像与推荐", "profiling and recommendations",
        "撤回后不再为此人预测价值、流失和下次购买。",
        "After a withdrawal no value, churn or next purchase is foretold of him.",
    ),
    Purpose(
        "sharing", "向第三方提供", "sharing with third parties",
        "撤回后不应把此人放进上传给广告平台的人群。",
        "After a withdrawal he should not be in audiences uploaded to advertising platforms.",
    ),
    Purpose(
        "sensitive", "敏感个人信息", "sensitive personal information",
        "例如肤质、健康、精确位置；没有单独同意就不应使用。",
        "Such as skin, health, exact location; without a consent of its own it should not be used.",
    ),
)  # fmt: skip
BY_CODE = {purpose.code: purpose for purpose in PURPOSES}


def purpose_label(code: str) -> tuple[str, str]:
    """(zh, en); a brand's own purpose has its own name."""
    found = BY_CODE.get(code)
    return (found.zh, found.en) if found else (code, code)
