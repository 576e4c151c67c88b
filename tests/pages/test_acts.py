"""What pages do: forms answer 303 or 422, work is handed on, everything is in the audit log."""

from __future__ import annotations

import io
import re

import pytest

from tests.pages import pond
from yutang.refresh import refresh

PARTIAL = {"HX-Request": "true", "HX-Request-Type": "partial"}


def said(page) -> str:
    """The visible part of a page, tags dropped."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.text))


def upload(browser, content: bytes, name: str = "more.csv", **data):
    file = {"file": (name, io.BytesIO(content), "text/csv")}
    return browser.post("/b/pond/imports", data, files=file)


def work(browser) -> None:
    """What the worker does when it is nudged."""
    brand = browser.services.brand("pond")
    with brand.workspace.writer():
        for one in brand.imports.due():
            if one.status == "undoing":
                from yutang.ingest import undo

                undo(brand.workspace, brand.identities, brand.committer, brand.imports, one)
            else:
                brand.imports.run(one.id)
        brand.value_repairs.run()
        brand.repairs.settle()
        brand.replays.run()
        refresh(brand)


@pytest.fixture
def more_orders(tmp_path) -> bytes:
    path = tmp_path / "more.csv"
    pond.write_orders(path, first=pond.PEOPLE, people=5, bad=False)
    return path.read_bytes()


# --- imports ---
def test_a_file_is_uploaded_mapped_imported_and_undone(acting, more_orders):
    there = upload(acting, more_orders)
    assert there.status_code == 303
    page = acting.get(there.headers["location"])
    assert "每一列是什么" in page.text
    assert 'name="column.0"' in page.text
    assert "138****0060" in page.text
    assert "13800000060" not in page.text
    fields = {f"column.{i}": name for i, name in enumerate(pond.HEADER)}
    form = {**fields, "platform": "other", "shop": "", "save_as": "till", "preset": ""}
    started = acting.post(there.headers["location"] + "/start", form)
    assert started.status_code == 303, said(started)
    assert acting.nudged == ["pond"]
    assert "排队中" in acting.get(started.headers["location"]).text
    work(acting)
    done = said(acting.get(started.headers["location"]))
    assert "完成" in done
    assert "订单 14" in done
    assert "<b>65</b> 位客户" in acting.get("/b/pond/customers").text
    acting.post(started.headers["location"] + "/undo")
    work(acting)
    assert "已撤销" in acting.get(started.headers["location"]).text
    assert "<b>60</b> 位客户" in acting.get("/b/pond/customers").text
    log = said(acting.get("/b/pond/settings/audit"))
    for act in ("上传文件", "保存列对应", "开始导入", "撤销导入"):
        assert act in log
    again = upload(acting, more_orders)
    assert "own:till" in acting.get(again.headers["location"]).text


def test_a_mapping_without_an_order_number_keeps_what_was_chosen(acting, more_orders):
    there = upload(acting, more_orders).headers["location"]
    page = acting.post(there + "/start", {"column.1": "shop", "platform": "tmall", "preset": ""})
    assert page.status_code == 422
    assert "没有列对应订单号" in page.text
    assert re.search(r'name="column.1".*?value="shop" selected', page.text, re.S)
    assert '<option value="tmall" selected>' in page.text


def test_a_file_that_is_no_table_is_refused_with_the_reason(acting):
    there = upload(acting, b"<html><body>hello</body></html>", "orders.xls")
    page = acting.get(there.headers["location"])
    assert page.status_code == 422
    assert "网页" in page.text
    gone = acting.post(there.headers["location"] + "/discard")
    assert gone.status_code == 303


def test_an_upload_over_the_limit_is_refused(acting):
    page = upload(acting, b"x" * 5_000_001)
    assert page.status_code == 422
    assert "5 MB" in page.text


def test_an_import_cannot_be_undone_twice(acting):
    assert acting.post("/b/pond/imports/1/undo").status_code == 303
    page = acting.post("/b/pond/imports/1/undo")
    assert page.status_code == 409
    assert "只有已结束的导入可以撤销" in page.text


def test_the_rows_that_were_set_aside_can_be_downloaded(browser):
    body = browser.get("/b/pond/imports/1/errors?as=csv").content.decode("utf-8-sig")
    assert "1O" in body
    assert body.splitlines()[0].startswith("行,列,值,原因")


def test_a_saved_mapping_goes_to_another_brand_and_away(acting):
    pond_, dry = "/b/pond/imports/mappings", "/b/dry/imports/mappings"
    acting.services.brand("pond").presets.save("till 1", pond.MAPPING, by="boss")
    text = acting.get(pond_ + "/share?name=till%201").content
    file = {"file": ("till.json", io.BytesIO(text), "application/json")}
    assert acting.post(dry, files=file).status_code == 303
    assert "till 1" in acting.get(dry).text
    assert acting.post(pond_ + "/remove", {"name": "till 1"}).status_code == 303
    acting.get(pond_)
    assert "till 1" not in acting.get(pond_).text
    other = {"file": ("till.json", io.BytesIO(b"[]"), "application/json")}
    page = acting.post(dry, files=other)
    assert page.status_code == 422
    assert "不是分享的列对应文件" in page.text


# --- quarantine ---
def first_row(browser, reason: str) -> str:
    page = browser.get(f"/b/pond/health/quarantine?reason={reason}").text
    return re.search(r'name="id" value="(\d+)"', page)[1]


def test_a_value_is_repaired_on_its_event(acting):
    row = first_row(acting, "value_misfit")
    page = acting.get(f"/b/pond/health/quarantine/repair?id={row}")
    assert f'name="typed.{row}" value="ten"' in page.text
    done = acting.post("/b/pond/health/quarantine/repair", {"id": row, f"typed.{row}": "10"})
    assert done.status_code == 303, said(done)
    work(acting)
    assert f'name="id" value="{row}"' not in acting.get("/b/pond/health/quarantine").text
    story = acting.get("/b/pond/search?q=u2").text
    assert re.search(r"/b/pond/customers/\d+", story)


def test_a_line_is_corrected_and_brought_again(acting):
    row = first_row(acting, "unreadable_time")
    page = acting.get("/b/pond/health/quarantine").text
    ids = re.findall(r'name="id" value="(\d+)"', page)
    repaired = 0
    for one in ids:
        shown = acting.get(f"/b/pond/health/quarantine/repair?id={one}").text
        record = re.search(rf'name="typed.{one}"[^>]*>([^<]*)</textarea>', shown)
        if record and "code_scanned" in record[1]:
            text = record[1].replace("&#34;", '"').replace('"?"', '"2026-09-03T10:00:00Z"')
            there = acting.post(
                "/b/pond/health/quarantine/repair", {"id": one, f"typed.{one}": text}
            )
            assert there.status_code == 303, said(there)
            work(acting)
            assert "事件 1 " in said(acting.get(there.headers["location"]))
            repaired += 1
    assert repaired == 1
    assert row


def test_rows_are_dismissed_and_leave_the_open_list(acting):
    row = first_row(acting, "unreadable_time")
    assert acting.post("/b/pond/health/quarantine/dismiss", {"id": row}).status_code == 303
    assert f'value="{row}"' not in acting.get("/b/pond/health/quarantine").text
    assert "已忽略" in acting.get("/b/pond/health/quarantine?status=dismissed").text


def test_the_session_token_stands_in_no_address(browser):
    """A form that is sent by GET writes its fields into the address, so none may hold the token."""
    page = browser.get("/b/pond/health/quarantine").text
    forms = re.findall(r"<form(?![^>]*method=.post)[^>]*>.*?</form>", page, re.S)
    assert forms
    assert not [form for form in forms if re.search(r"<input[^>]*name=.csrf", form)]


def test_nothing_chosen_is_said(acting):
    page = acting.post("/b/pond/health/quarantine/dismiss")
    assert page.status_code == 422
    assert "请至少选一行" in page.text


# --- shops ---
def test_a_shop_is_confirmed_and_its_numbers_follow(acting):
    page = acting.get("/b/pond/shops").text
    assert "待确认" in page
    shop = re.search(r'id="shop-(\d+)"', page)[1]
    done = acting.post(f"/b/pond/shops/{shop}", {"name": "Flagship", "domain": "store"})
    assert done.status_code == 303
    assert acting.nudged == ["pond"]
    assert "Flagship" in acting.get("/b/pond/shops?show=confirmed").text


def test_many_shops_are_confirmed_at_once(acting):
    ids = re.findall(r'name="id" value="(\d+)"', acting.get("/b/pond/shops").text)
    done = acting.post("/b/pond/shops/many", {"id": ids, "to": "public"})
    assert done.status_code == 303
    assert acting.get("/b/pond/shops?show=open").text.count('id="shop-') == 0


def test_a_shop_needs_a_name(acting):
    page = acting.post("/b/pond/shops/1", {"name": " ", "domain": "store"})
    assert page.status_code == 422
    assert "请填写店铺名称" in page.text


# --- analyse ---
ASKED = {
    "steps.0.event": "code_scanned",
    "steps.1.event": "order_paid",
    "steps.1.where.0.property": "platform",
    "steps.1.where.0.op": "=",
    "steps.1.where.0.value": "tmall",
    "window.value": "9",
    "window.unit": "day",
}


def test_a_question_is_saved_opened_again_and_deleted(acting):
    done = acting.post("/b/pond/analyse/funnel/save", {**ASKED, "called": "Scan to order"})
    assert done.status_code == 303, said(done)
    opened = acting.get(done.headers["location"])
    assert opened.status_code == 303
    page = acting.get(opened.headers["location"])
    assert "Scan to order" in page.text
    assert re.search(r'name="window.value" value="9"|value="9"[^>]*name="window.value"', page.text)
    assert 'name="steps.1.where.0.value" value="tmall"' in page.text
    assert "Scan to order" in acting.get("/b/pond/search?q=scan").text
    report = re.search(r"report=(\d+)", opened.headers["location"])[1]
    acting.post(f"/b/pond/analyse/saved/{report}/delete")
    assert "Scan to order" in acting.get("/b/pond/analyse").text  # the note that it is gone
    assert "Scan to order" not in acting.get("/b/pond/analyse").text


SCAN_TO_ORDER = "/b/pond/analyse/funnel?steps.0.event=code_scanned&steps.1.event=order_paid"


def test_a_question_that_makes_no_sense_is_not_saved(acting):
    page = acting.post("/b/pond/analyse/funnel/save", {"steps.0.event": "a", "called": "x"})
    assert page.status_code == 422


def test_a_report_is_renamed(acting):
    acting.post("/b/pond/analyse/funnel/save", {**ASKED, "range": "last_30", "called": "Old name"})
    report = acting.services.brand("pond").reports.list_()[0]
    assert report.params["range"] == "last_30"  # asked anew of the days of then
    assert "from" not in report.params
    done = acting.post(f"/b/pond/analyse/saved/{report.id}/rename", {"name": "New name"})
    assert done.status_code == 303
    assert acting.services.brand("pond").reports.get(report.id).name == "New name"
    page = acting.get(acting.get(f"/b/pond/analyse/saved/{report.id}").headers["location"]).text
    assert '<option value="last_30" selected>' in page
    assert "重命名报表" in said(acting.get("/b/pond/settings/audit"))
    refused = acting.post(f"/b/pond/analyse/saved/{report.id}/rename", {"name": " "})
    assert refused.status_code == 422


def test_a_nested_filter_stands_in_the_form_and_is_counted(browser):
    either = (
        "&steps.0.where.0.where.0.property=touchpoint&steps.0.where.0.where.0.op=is_set"
        "&steps.0.where.0.where.1.property=seconds&steps.0.where.0.where.1.op=%3E"
        "&steps.0.where.0.where.1.value=5&steps.0.where.0.where_join=or&steps.0.where_not=1"
    )
    page = browser.get(f"{SCAN_TO_ORDER}{either}").text
    assert 'name="steps.0.where.0.where.1.value" value="5"' in page
    assert re.search(r'name="steps.0.where.0.where_join".*?value="or" selected', page)
    assert re.search(r'name="steps.0.where_not".*?value="1" selected', page)


def test_an_error_names_its_field(browser):
    page = browser.get(f"{SCAN_TO_ORDER}&window.value=abc", headers=PARTIAL)
    assert page.status_code == 422
    assert 'data-place="window.value"' in page.text
    assert "“窗口期 › 长度”要填数字" in page.text
    event = "/b/pond/analyse/event?measures.0.event=order_paid&measures.0.measure=sum"
    page = browser.get(event).text
    assert 'data-place="measures.0.property"' in page
    assert "指标 1 › 属性" in page
    assert re.search(r'<option value="sum" selected>', page)  # what was chosen stays


def test_values_are_suggested_by_code_and_by_word(browser):
    ask = "/b/pond/analyse/values?name="
    codes = {one["value"] for one in browser.get(f"{ask}platform").json()}
    assert "youzan" in codes or "tmall" in codes
    one = browser.get(f"{ask}platform&q=%E5%A4%A9%E7%8C%AB").json()
    assert [found["value"] for found in one] in ([], ["tmall"])
    assert {found["value"] for found in browser.get(f"{ask}customer.member").json()} <= {
        "true", "false",
    }  # fmt: skip
    stages = browser.get(f"{ask}customer.stage&q=rep").json()
    assert [found["value"] for found in stages] == ["repeat"]
    assert browser.get(f"{ask}paid").json() == []
    assert browser.get(f"{ask}nothing").json() == []
    assert browser.get("/b/dry/analyse/values?name=platform").json() == []


def test_values_are_for_those_who_may_analyse(browser_of):
    assert browser_of("guide").get("/b/pond/analyse/values?name=platform").status_code == 403


def test_a_question_without_answer_teaches(browser):
    page = browser.get(f"{SCAN_TO_ORDER}&from=2020-01-01&to=2020-01-31").text
    assert "这个问题暂时没有结果" in page
    links = re.findall(r'<a class="btn-[ps]" href="(\?[^"]+)"', page)
    assert "range=all" in links[0]
    for link in links:
        answer = browser.get(f"/b/pond/analyse/funnel{link.replace('&amp;', '&')}").text
        assert "这个问题暂时没有结果" not in answer


def test_what_is_compared_shows_its_change(browser):
    page = browser.get(
        f"{SCAN_TO_ORDER}&from=2026-09-16&to=2026-09-30&compare=previous&window.value=5"
    ).text
    assert re.search(r'class="by (up|down)" title="对比期: \d', page)
    file = browser.get(
        f"{SCAN_TO_ORDER}&from=2026-09-16&to=2026-09-30&compare=previous&as=csv"
    ).content.decode("utf-8-sig")
    assert "人数,人数" in file.splitlines()[0]


def test_a_range_of_ones_own_beats_the_dates_beside_a_preset(browser):
    preset = browser.get(f"{SCAN_TO_ORDER}&range=last_90&from=2020-01-01&to=2020-01-31").text
    assert "这个问题暂时没有结果" not in preset
    own = browser.get(f"{SCAN_TO_ORDER}&range=custom&from=2020-01-01&to=2020-01-31").text
    assert "这个问题暂时没有结果" in own
    assert browser.get(f"{SCAN_TO_ORDER}&range=last_9999").status_code == 422


def test_the_answer_alone_is_sent_to_htmx(browser):
    address = "/b/pond/analyse/funnel?steps.0.event=code_scanned&steps.1.event=order_paid"
    part = browser.get(address, headers=PARTIAL)
    assert "<html" not in part.text
    assert 'id="say" hx-swap-oob="true"' in part.text
    assert "<table" in part.text


@pytest.mark.parametrize(
    ("model", "asked"),
    [("funnel", "window=abc"), ("funnel", "steps=abc"), ("funnel", "steps.0=abc"),
     ("funnel", "steps.0.event=order_paid&steps.1.event=order_paid&group=abc"),
     ("funnel", "steps.0.event=order_paid&steps.1.event=order_paid&where=abc"),
     ("event", "measures=abc"), ("event", "measures.0.event=order_paid&formulas=abc")],
)  # fmt: skip
def test_an_address_of_the_wrong_shape_is_said(browser, model, asked):
    page = browser.get(f"/b/pond/analyse/{model}?{asked}")
    assert page.status_code in (200, 422)
    assert 'name="from"' in page.text


def test_an_overview_leaves_with_money_in_yuan(browser):
    body = browser.get("/b/pond/overview?period=all&as=csv").content.decode("utf-8-sig")
    first = next(line for line in body.splitlines() if line.startswith("支付金额,"))
    assert first.split(",")[2] == "元"
    page = browser.get("/b/pond/overview?period=all").text
    assert f"¥{float(first.split(',')[1]):,.0f}" in page


def test_a_half_typed_condition_is_left_alone(browser):
    address = "/b/pond/analyse/funnel?steps.0.event=code_scanned&steps.1.event=order_paid"
    half = "&steps.0.where.0.property=touchpoint&steps.0.where.0.op=%3D&steps.0.where.0.value="
    assert browser.get(address + half).status_code == 200


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
@pytest.mark.parametrize(
    "path", ["overview?period=all", "customers", "analyse/funnel", "analyse/event",
             "health/quarantine", "settings/audit"]
)  # fmt: skip
def test_every_list_goes_into_a_file(browser, path, kind):
    joint = "&" if "?" in path else "?"
    answer = browser.get(f"/b/pond/{path}{joint}as={kind}")
    assert answer.status_code == 200
    assert "attachment" in answer.headers["content-disposition"]
    assert len(answer.content) > 30


def test_an_export_of_customers_is_in_the_log(acting):
    body = acting.get("/b/pond/customers?as=csv&stage=repeat").content.decode("utf-8-sig")
    assert len(body.splitlines()) > 10
    assert "导出客户" in acting.get("/b/pond/settings/audit").text


# --- customers ---
def test_a_phone_tail_a_member_number_and_an_id_find_the_same_customer(browser):
    found = {
        re.search(r"/b/pond/customers/(\d+)", browser.get(f"/b/pond/customers?q={q}").text)[1]
        for q in ("%E5%B0%BE%E5%8F%B70004", "M00004")
    }
    assert len(found) == 1
    (who,) = found
    assert f"#{who}" in browser.get(f"/b/pond/customers?q=%23{who}").text


def test_phones_are_never_shown_whole(browser):
    page = browser.get("/b/pond/customers?q=M00004").text
    assert "138****0004" in page
    assert "13800000004" not in page


def test_columns_can_be_chosen(browser):
    page = browser.get("/b/pond/customers?col=member_no&col=items").text
    assert "会员号" in page
    assert "M000" in page
    assert "cols=member_no%2Citems" in page


def test_older_entries_of_a_story_come_as_a_part(browser):
    page = browser.get("/b/pond/customers/3").text
    assert "支付订单" in page
    part = browser.get("/b/pond/customers/3?group=relation", headers=PARTIAL).text
    assert "支付订单" not in part


def test_a_broken_link_to_people_is_said(browser):
    page = browser.get("/b/pond/customers?people=nonsense")
    assert page.status_code == 422
    assert "人群链接读不懂" in page.text


# --- settings ---
def test_staff_are_added_changed_and_removed(acting):
    new = {"login": "newcomer", "name": "N", "password": "calm-water-17", "role": "analyst"}
    assert acting.post("/b/pond/settings/staff", new).status_code == 303
    page = acting.get("/b/pond/settings/staff").text
    account = re.search(r"newcomer.*?/settings/staff/(\d+)", page, re.S)[1]
    address = f"/b/pond/settings/staff/{account}"
    for act in (
        {"act": "role", "role": "guide"},
        {"act": "password", "password": "other-water-18"},
        {"act": "unlock"},
        {"act": "disable"},
        {"act": "enable"},
        {"act": "remove"},
    ):
        assert acting.post(address, act).status_code == 303, act
    assert acting.post(address, {"act": "unlock"}).status_code == 404
    log = said(acting.get("/b/pond/settings/audit"))
    for act in ("添加员工", "设置角色", "设置密码", "解除锁定", "停用账号", "移出员工"):
        assert act in log


def test_a_weak_password_keeps_what_was_typed(acting):
    new = {"login": "newcomer", "name": "Nana", "password": "short", "role": "analyst"}
    page = acting.post("/b/pond/settings/staff", new)
    assert page.status_code == 422
    assert 'value="newcomer"' in page.text
    assert 'value="Nana"' in page.text
    assert "short" not in page.text


def test_the_last_admin_cannot_leave(acting):
    page = acting.get("/b/pond/settings/staff").text
    for login in ("admin", "anglo"):
        account = re.search(rf">{login}<.*?/settings/staff/(\d+)", page, re.S)[1]
        acting.post(f"/b/pond/settings/staff/{account}", {"act": "role", "role": "guide"})
    me = re.search(r">boss<.*?/settings/staff/(\d+)", page, re.S)[1]
    answer = acting.post(f"/b/pond/settings/staff/{me}", {"act": "role", "role": "guide"})
    assert answer.status_code == 422
    assert "最后一位管理员" in answer.text


def test_a_key_is_shown_once_and_revoked(acting):
    made = acting.post("/b/pond/settings/keys", {"name": "erp", "role": "analyst"})
    secret = re.search(r'id="secret">(yt_[^<]+)<', made.text)[1]
    assert acting.services.staff.find_key(secret).role == "analyst"
    again = acting.get("/b/pond/settings/keys")
    assert secret not in again.text
    key = re.search(r"/settings/keys/(\d+)/revoke", again.text)[1]
    assert acting.post(f"/b/pond/settings/keys/{key}/revoke").status_code == 303
    assert acting.services.staff.find_key(secret) is None


def test_an_event_gets_a_name_for_people(acting):
    acting.post("/b/pond/settings/events/event", {"name": "code_scanned", "label": "Scan!"})
    acting.post("/b/pond/settings/events/property", {"name": "touchpoint", "label": "Where"})
    assert "Scan!" in acting.get("/b/pond/settings/events").text
    assert "Scan!" in acting.get("/b/pond/analyse/funnel").text
    assert "Where" in acting.get("/b/pond/analyse/funnel").text


def test_my_password_is_changed_and_the_old_one_no_longer_opens(acting):
    form = {"old": pond.PASSWORD, "new": "brand-new-pond-9", "again": "brand-new-pond-9"}
    assert acting.post("/b/pond/settings/me/password", form).status_code == 303
    assert acting.post("/b/pond/settings/me/password", form).status_code == 422
    mixed = {**form, "old": "brand-new-pond-9", "again": "something-else-1"}
    assert "两次输入的新密码不一样" in acting.post("/b/pond/settings/me/password", mixed).text


def test_language_and_theme_follow_the_account(acting):
    acting.post("/b/pond/preferences", {"locale": "en", "next": "/b/pond/customers"})
    acting.post("/b/pond/preferences", {"theme": "dark", "next": "/b/pond/customers"})
    page = acting.get("/b/pond/customers").text
    assert 'lang="en" data-theme="dark"' in page


def test_a_note_is_shown_once(acting):
    acting.post("/b/pond/shops/1", {"name": "S", "domain": "store"})
    assert "已保存" in acting.get("/b/pond/shops").text
    assert "已保存" not in acting.get("/b/pond/shops").text
