"""Answers in JSON."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from feedrec.http_messages import JSON
from feedrec.replay.control.problems import PROBLEM, Refused, as_json, json_answer, problem


def test_a_problem_says_what_is_wrong_as_rfc_9457_has_it() -> None:
    answer = problem(405, "POST is not for this", (("allow", "GET"),))
    assert (answer.status, answer.content_type) == (405, PROBLEM)
    assert json.loads(answer.body) == {
        "type": "about:blank",
        "title": "Method Not Allowed",
        "status": 405,
        "detail": "POST is not for this",
    }
    assert dict(answer.headers) == {"allow": "GET", "cache-control": "no-store", "x-content-type-options": "nosniff"}
    assert Refused(405, "POST is not for this", ("allow", "GET")).answer == answer


def test_an_answer_is_never_kept_by_a_browser() -> None:
    answer = json_answer({"state": "playing"})
    assert (answer.status, answer.content_type, answer.body) == (200, JSON, b'{"state":"playing"}\n')
    assert ("cache-control", "no-store") in answer.headers


@given(st.dictionaries(st.text(), st.text()))
def test_whatever_a_client_subscribed_is_harmless_on_a_terminal(subscribed: dict[str, str]) -> None:
    """What cannot be seen is escaped, and means the same."""
    text = as_json(subscribed)
    assert not {"\x1b", "\x9b", "\u202e", "\n"} & set(text)
    assert json.loads(text) == subscribed
