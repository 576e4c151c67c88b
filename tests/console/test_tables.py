"""Lists keep where they stand in the address."""

from __future__ import annotations

from yutang.console.tables import Pager, Query, read_query

SORTS = ("name", "paid")


def read(**values):
    return read_query("/list", values, filters=("q",), sorts=SORTS, default_sort="-paid")


def test_an_address_gives_the_same_list_again():
    query = read(q=" 陈 ", sort="name", page="3", size="100")
    assert (query.filters, query.sort, query.offset) == ({"q": "陈"}, "name", 200)
    assert query.url() == "/list?q=%E9%99%88&sort=name&page=3&size=100"


def test_what_is_usual_is_left_out_of_the_address():
    assert read().url() == "/list"
    assert read(sort="-paid", page="1", size="50").url() == "/list"


def test_nonsense_in_an_address_falls_back():
    query = read(sort="drop table", page="-4", size="7")
    assert (query.sort, query.page, query.size) == ("-paid", 1, 50)
    assert read(page="²").page == 1


def test_sorting_starts_large_for_numbers_and_turns_on_the_second_click():
    assert read().sort_url("paid") == "/list?sort=paid"
    assert read(sort="name").sort_url("paid") == "/list?sort=-paid"
    assert read().sort_url("name", numeric=False) == "/list?sort=name"


def test_a_new_sort_goes_back_to_the_first_page():
    assert "page" not in read(page="4").sort_url("name")


def test_the_pager_counts():
    pager = Pager(Query("/list", page=3, size=50), 120)
    assert (pager.pages, pager.first, pager.last) == (3, 101, 120)
    empty = Pager(Query("/list"), 0)
    assert (empty.pages, empty.first, empty.last) == (1, 0, 0)
