"""What a tool is, and what it is given."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict

from yutang.api.keys import Caller


class Arguments(BaseModel):
    """Base of every tool's arguments: unknown names are mistakes."""

    model_config = ConfigDict(extra="forbid")


class Nothing(Arguments):
    """A tool that takes no arguments."""


@dataclass(frozen=True)
class Call:
    """A call of a tool. base: where the console is, as http://127.0.0.1:8787, without a slash."""

    caller: Caller
    base: str

    @property
    def brand(self) -> Any:
        return self.caller.brand

    def link(self, path: str) -> str:
        """The address of a page of the brand's console."""
        return f"{self.base}/b/{self.caller.key.slug}/{path}"


@dataclass(frozen=True)
class Tool:
    """A tool of the server. right: what the key's role must include (staff/rules.py); audited: the
    arguments that the audit log keeps, beside the tool's name."""

    name: str
    title: str
    description: str
    right: str
    arguments: type[Arguments]
    run: Callable[[Call, Any], dict[str, Any]]
    audited: tuple[str, ...] = ()
