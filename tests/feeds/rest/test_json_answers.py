"""Answers of JSON."""

from __future__ import annotations

from feedrec.feeds.rest import GUESSED
from feedrec.feeds.rest.json_answers import json_answer
from feedrec.http_messages import JSON, HttpAnswer


def test_it_has_no_spaces_and_keeps_the_order() -> None:
    assert json_answer({"b": ["1", None], "a": False}) == HttpAnswer(200, b'{"b":["1",null],"a":false}', JSON)


def test_a_header_says_what_was_made_up() -> None:
    assert json_answer([], 404, guessed="increments") == HttpAnswer(404, b"[]", JSON, ((GUESSED, "increments"),))
