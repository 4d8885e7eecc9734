"""A secret that requests bring along."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedrec.admission.bearer_token import check_token, has_token, new_token
from feedrec.errors import UsageError
from feedrec.http_messages import HttpRequest

TOKEN = "a-token.of_24~characters"


def asked(target: str = "/", *values: str) -> HttpRequest:
    return HttpRequest("GET", target, tuple(("authorization", value) for value in values))


@pytest.mark.parametrize(
    ("request_", "has_it"),
    [
        (asked("/", f"Bearer {TOKEN}"), True),
        (asked("/", f" bearer  {TOKEN} "), True),
        (asked(f"/?token={TOKEN}&frames=3"), True),
        (asked(f"/?token={TOKEN}", "Basic dXNlcjpwYXNz"), True),  # of a proxy before it
        (asked(), False),
        (asked("/", TOKEN), False),
        (asked("/", f"Bearer {TOKEN}x"), False),
        (asked("/", f"Bearer {TOKEN[:-1]}"), False),
        (asked("/", "Bearer"), False),
        (asked("/", "Bearer \xe9\xff"), False),
        (asked("/?token="), False),
        (asked("/?token=%ff%C3%A9"), False),
        (asked(f"/?token={TOKEN}&token={TOKEN}"), False),
        (asked("/", f"Bearer {TOKEN}", f"Bearer {TOKEN}"), False),
        (asked(f"/?token={TOKEN}", "Bearer something-else"), False),
        (asked(f"/?Token={TOKEN}"), False),
    ],
)
def test_a_request_has_the_token_once_or_has_it_not(request_: HttpRequest, has_it: bool) -> None:  # noqa: FBT001
    assert has_token(request_, TOKEN) is has_it


@given(st.text(), st.text())
def test_no_request_makes_it_fail(value: str, query: str) -> None:
    """Whatever it brings along, as far as HTTP lets it through."""
    assert not has_token(asked(f"/?{query}", value.encode("utf-8", "replace").decode("latin-1")), TOKEN)


def test_a_token_that_is_made_may_be_one_that_is_given() -> None:
    made = {new_token() for _ in range(20)}
    assert len(made) == 20
    assert {check_token(token) for token in made} == made


@pytest.mark.parametrize(
    "text", ["", "too-short", "with spaces in between", "plus+is-a-space-in-a-query", "x" * 201, "ä" * 20]
)
def test_a_token_that_guesses_find_or_urls_garble_is_refused_and_not_quoted(text: str) -> None:
    with pytest.raises(UsageError, match=r"16 to 200 characters") as error:
        check_token(text)
    assert not text or text not in str(error.value)
