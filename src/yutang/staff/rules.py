"""Who may do what, when a login is locked, what a password must be. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from yutang.errors import BadInput

MINUTE_MS = 60_000

# Five wrong passwords in a quarter of an hour: enough for a person who mistypes, and it holds a
# guesser to 480 tries a day. The address limit is wider because a shop's staff share one.
FAILURES_PER_LOGIN = 5
FAILURES_PER_ADDRESS = 30
LOCK_WINDOW_MS = 15 * MINUTE_MS

# A working day plus the evening; the session ends after 14 days however often it is used.
SESSION_IDLE_MS = 12 * 60 * MINUTE_MS
SESSION_LIFE_MS = 14 * 24 * 60 * MINUTE_MS
# "Seen" is written at most this often, so that reading a page writes nothing.
SEEN_EVERY_MS = 5 * MINUTE_MS

PASSWORD_LENGTH = (10, 200)  # NIST SP 800-63B: length counts, composition rules do not
LOGIN_PATTERN = re.compile(r"[\w.@+-]{2,64}")


@dataclass(frozen=True)
class Role:
    code: str
    zh: str
    en: str
    rights: frozenset[str]


RIGHTS: dict[str, tuple[str, str]] = {
    "see": ("查看总览与客户", "see the overview and customers"),
    "analyse": ("分析与保存报表", "analyse and save reports"),
    "export": ("导出名单", "export lists"),
    "import": ("导入数据、管理店铺、修复隔离数据", "import data, manage shops, repair quarantine"),
    "tags": ("管理标签、批量打标签", "manage tags, tag many customers at once"),
    "identity": ("合并与拆分客户、审核身份", "merge and split customers, review identities"),
    "privacy": ("导出与删除个人信息、设置保留期限", "export and erase persons, set retention"),
    "settings": ("管理员工、密钥与事件字典", "manage staff, keys and the event dictionary"),
}
ROLES: tuple[Role, ...] = (
    Role("admin", "管理员", "admin", frozenset(RIGHTS)),
    Role(
        "operator",
        "运营",
        "operator",
        frozenset({"see", "analyse", "export", "import", "tags", "identity"}),
    ),
    Role("analyst", "分析师", "analyst", frozenset({"see", "analyse", "export"})),
    Role("guide", "导购", "guide", frozenset({"see"})),
)
BY_CODE = {role.code: role for role in ROLES}


def may(role: str, right: str) -> bool:
    """Whether somebody with this role has this right. Unknown roles have none."""
    found = BY_CODE.get(role)
    return found is not None and right in found.rights


def role_name(role: str) -> Role:
    found = BY_CODE.get(role)
    if found is None:
        raise BadInput("There is no role “%(role)s”.", role=role)
    return found


def locked_until(failures: Sequence[int], limit: int, now: int) -> int | None:
    """Until when (UTC ms) a login is locked, given the times of its failures since a success.

    Locked when `limit` failures lie in one window; it opens when the oldest of the last `limit`
    leaves the window. None when open.
    """
    recent = sorted(at for at in failures if at > now - LOCK_WINDOW_MS)
    if len(recent) < limit:
        return None
    return recent[-limit] + LOCK_WINDOW_MS


def check_login(login: str) -> str:
    login = login.strip().lower()
    if not LOGIN_PATTERN.fullmatch(login):
        raise BadInput(
            "The login name “%(login)s” cannot be used.",
            hint="Use 2 to 64 letters, digits or . @ + - _",
            login=login[:64],
        )
    return login


def check_password(password: str, login: str) -> str:
    shortest, longest = PASSWORD_LENGTH
    if not shortest <= len(password) <= longest:
        raise BadInput(
            "The password must have %(shortest)d to %(longest)d characters.",
            hint="Length makes a password strong: a short sentence is easy to keep in mind.",
            shortest=shortest,
            longest=longest,
        )
    if len(set(password)) < 4 or (len(login) > 3 and login in password.lower()):
        raise BadInput(
            "This password is too easy to guess.",
            hint="Do not repeat a few characters, and leave the login name out of it.",
        )
    return password
