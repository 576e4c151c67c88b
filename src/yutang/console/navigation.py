"""The console's sections, in the order of the menu. A new section is one line here."""

from __future__ import annotations

from dataclasses import dataclass

from yutang.console.language import mark


@dataclass(frozen=True)
class Section:
    """`key` follows `g` on the keyboard; `thumb` sections stand in the phone's bottom bar."""

    path: str
    title: str
    icon: str
    key: str
    right: str = "see"
    thumb: bool = False


SECTIONS: tuple[Section, ...] = (
    Section("overview", mark("Overview"), "home", "o", thumb=True),
    Section("customers", mark("Customers"), "users", "c", thumb=True),
    Section("groups", mark("Customer groups"), "message", "m"),
    Section("dashboards", mark("Dashboards"), "layout-dashboard", "d", right="analyse"),
    Section("segments", mark("Segments"), "users-group", "p", right="analyse"),
    Section("analyse", mark("Analyse"), "chart-bar", "a", right="analyse", thumb=True),
    Section("alerts", mark("Alerts"), "bell", "w", right="analyse"),
    Section("sql", mark("SQL"), "table", "q", right="analyse"),
    Section("products", mark("Products"), "shopping-bag", "b", right="analyse"),
    Section("shops", mark("Sales and benefits"), "building-store", "s", right="import"),
    Section("imports", mark("Import"), "database-import", "i", right="import", thumb=True),
    Section("live", mark("Live"), "circle-dot", "l", right="analyse"),
    Section("health", mark("Data health"), "heart-rate-monitor", "h", right="import"),
    Section("settings", mark("Settings"), "settings", "t"),
)
