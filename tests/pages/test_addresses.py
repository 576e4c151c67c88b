"""The address of an analysis asks what its page asked: what is shared, exported, saved is that."""

from __future__ import annotations

import html
import re

import pytest

from yutang import analysis
from yutang.console.analyse.pages import OWN


@pytest.mark.parametrize("model", analysis.MODELS, ids=lambda model: model.NAME)
def test_the_first_question_is_the_same_by_its_address(browser, model):
    page = browser.get(f"/b/pond/analyse/{model.NAME}").text
    link = re.search(r'href="([^"]*as=csv)"', page)
    if link is None:
        assert 'class="empty' in page  # the pond has nothing to ask this of
        return
    address = html.unescape(link[1])
    assert browser.get(address).status_code == 200
    again = browser.get(address.replace("as=csv", ""))
    assert again.status_code == 200
    assert html.unescape(re.search(r'href="([^"]*as=csv)"', again.text)[1]) == address


@pytest.mark.parametrize("model", analysis.MODELS, ids=lambda model: model.NAME)
def test_no_field_of_a_question_is_called_as_one_of_the_page(model):
    names = {field.alias or name for name, field in model.Params.model_fields.items()}
    assert not names & set(OWN)
