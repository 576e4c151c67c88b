"""Merge, split and undo in a browser, with a worker beside it; pictures of the pages."""

from __future__ import annotations

import json
import re
import threading
import time

import pytest

from tests.browser.conftest import PICTURES, SIZES
from yutang.app import Services
from yutang.settings import Settings
from yutang.worker import work_on


@pytest.fixture
def worker(home):
    """What a worker process does, in a thread of this one."""
    brand = Services.open(Settings(home=home)).brand("pond")
    stop = threading.Event()

    def serve() -> None:
        while not stop.is_set():
            if brand.hand_requests.waiting():
                work_on(brand)
            time.sleep(0.05)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield brand
    stop.set()
    thread.join(timeout=30)


def yes(page) -> None:
    page.click("dialog#sure [data-sure-yes]")


def test_merge_split_and_undo(open_page, worker):
    page = open_page("/b/pond/customers/11")
    rows = page.locator("table.why tbody tr")
    before = rows.count()
    page.click("#why >> text=与另一客户合并")
    page.fill("[name=q] >> nth=-1", "M00012")
    page.keyboard.press("Enter")
    page.click("text=对比")
    assert page.locator(".pair .person").count() == 2
    page.fill("[name=note]", "both at the till")
    page.click(".stack .btn-p")
    yes(page)
    page.wait_for_url(re.compile(r"/customers/11#why$"))
    assert "已合并" in page.locator(".msg").inner_text()
    assert rows.count() > before
    assert "both at the till" in page.locator("#why .decision").inner_text()

    both = rows.count()
    page.locator("table.why tbody tr", has_text="M00010").locator("[name=identity]").check()
    page.click("#why >> text=拆分勾选的身份")
    page.fill("[name=note]", "her husband")
    page.click(".stack .btn-p")
    yes(page)
    page.wait_for_url(re.compile(r"/customers/11#why$"))
    assert "已拆分" in page.locator(".msg").inner_text()
    assert rows.count() < both

    for left in ("split", "link"):
        page.goto("/b/pond/customers/identity/decisions")
        page.click(f"form:has(input[value^='{left}']) >> text=撤销")
        yes(page)
        page.wait_for_url(re.compile("/decisions$"))
        assert "已撤销" in page.locator(".msg").inner_text()
    page.goto("/b/pond/customers/11")
    assert rows.count() == before
    assert page.complaints == []


@pytest.fixture(scope="module")
def judged(home, tmp_path_factory):
    """Something in every picture: a crowded identity, shared devices, a merge and a split."""
    brand = Services.open(Settings(home=home)).brand("pond")
    path = tmp_path_factory.mktemp("till") / "till.ndjson"
    at = "2026-10-0{}T10:00:00+08:00"
    tablet = {"device": "till-tablet-3"}
    lines = [{"event": "code_scanned", "time": at.format(1),
              "identities": {"member_no": f"T{who}", "openid": "oTILL-0f31"}}
             for who in range(23)]  # fmt: skip
    lines += [
        {"event": "content_read", "time": at.format(day), "identities": who}
        for day, who in (
            (2, {"member_no": "M00020"} | tablet),
            (4, {"member_no": "M00021"} | tablet),
            (5, tablet),
            (5, {"unionid": "u20", "openid": "o7Yk-20"}),
        )
    ]
    path.write_text("\n".join(map(json.dumps, lines)))
    one = brand.imports.add(path, kind="events", filename="till.ndjson")
    brand.imports.queue(one.id)
    work_on(brand)
    boss = {"by": "boss"}
    a, b, c = (brand.identities.find("member_no", f"M0002{n}").customer_id for n in (0, 1, 2))
    brand.hand_requests.link(a, c, note="会员日在收银台报过两个手机号", **boss)
    work_on(brand)
    why = brand.customers.get(b).why
    brand.hand_requests.split([why.identities[0].id], note="先生用她的手机下单", **boss)
    brand.retention.set_("content_read", "", 20, **boss)
    brand.retention.set_("code_scanned", "", 365, **boss)
    work_on(brand)
    return a, b, brand.identities.find("device", "till-tablet-3").id


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_pages_about_people_have_their_pictures(open_page, judged, size, dark):
    one, other, device = judged
    pages = {
        "why": f"customers/{one}",
        "merge-search": f"customers/{one}/merge?q=tail0004",
        "merge": f"customers/{one}/merge?with={other}",
        "split": f"customers/{one}/split?identity={device}",
        "reviews": "customers/identity",
        "decisions": "customers/identity/decisions",
        "customers-tabs": "customers",
        "erase": f"customers/{one}/erase",
        "retention": "settings/privacy",
        "erasure": "settings/privacy/erasures/1",
    }
    PICTURES.mkdir(exist_ok=True)
    for name, path in pages.items():
        page = open_page(f"/b/pond/{path}", size, dark=dark)
        wide = page.evaluate("document.documentElement.scrollWidth > innerWidth")
        assert not wide, f"{name} is wider than its window"
        theme = "dark" if dark else "light"
        page.screenshot(path=PICTURES / f"people-{name}-{size}-{theme}.png", full_page=True)
        assert page.complaints == []
        page.close()
