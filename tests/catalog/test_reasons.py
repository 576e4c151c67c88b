from yutang.catalog.reasons import BY_CODE, REASONS, reason_of


def test_every_reason_has_a_unique_code_and_four_texts():
    assert len(BY_CODE) == len(REASONS)
    for reason in REASONS:
        assert all((reason.zh, reason.en, reason.remedy_zh, reason.remedy_en))
        assert reason.code == reason.code.lower()
        assert reason.zh != reason.en


def test_a_reason_is_found_by_its_code():
    assert reason_of("unreadable_time").remedy_en.startswith("write it like")


def test_chinese_sentences_have_chinese_punctuation():
    for reason in REASONS:
        for text in (reason.zh, reason.remedy_zh):
            assert not set(text) & set(",;()"), text
