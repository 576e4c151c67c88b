"""Answers are kept, within bounds, and counted once by many who ask at once."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from yutang.analysis.contract import Column, Result, Table
from yutang.analysis.kept import Answers
from yutang.errors import BadInput


class Facts:
    """Stands for a state of the facts."""


def result(size: int = 1) -> Result:
    return Result("m", Table((Column("a", "a", "a", "text"),), [{"a": "x" * size}]))


def test_the_same_question_of_the_same_facts_is_counted_once():
    answers, made = Answers(), []

    def make():
        made.append(1)
        return result()

    one, other = Facts(), Facts()
    assert answers.get(one, "q", make) is answers.get(one, "q", make)
    answers.get(one, "r", make)
    answers.get(other, "q", make)
    assert len(made) == 3


def test_the_answers_unused_for_longest_go_first():
    answers, facts, made = Answers(most_bytes=4_000), Facts(), []

    def ask(question: str, size: int = 700):
        def make():
            made.append(question)
            return result(size)

        return answers.get(facts, question, make)

    for question in "aba":
        ask(question)
    for question in "cde":
        ask(question)
    assert answers.bytes <= 4_000
    ask("a")
    ask("b")
    assert made == ["a", "b", "c", "d", "e", "b"]
    ask("large", 3_000)
    ask("large", 3_000)
    assert made[-2:] == ["large", "large"]


def test_who_asks_what_is_being_counted_waits_for_it():
    answers, facts, begun, go, made = Answers(), Facts(), threading.Event(), threading.Event(), []

    def make():
        made.append(1)
        begun.set()
        assert go.wait(10)
        return result()

    with ThreadPoolExecutor(3) as pool:
        first = pool.submit(answers.get, facts, "q", make)
        assert begun.wait(10)
        others = [pool.submit(answers.get, facts, "q", make) for _ in range(2)]
        go.set()
        assert {id(one.result()) for one in (first, *others)} == {id(first.result())}
    assert made == [1]


def test_what_cannot_be_answered_is_asked_again():
    answers, facts = Answers(), Facts()

    def refuse():
        raise BadInput("no")

    for _ in range(2):
        with pytest.raises(BadInput):
            answers.get(facts, "q", refuse)
    assert answers.get(facts, "q", result).model == "m"
