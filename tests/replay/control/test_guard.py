"""Who may steer."""

from __future__ import annotations

import pytest

from feedrec.http_messages import HttpRequest
from feedrec.replay.control.guard import Guard

TOKEN = "a-token-of-some-length"


def status_of(guard: Guard, method: str = "POST", target: str = "/_feedrec/pause", **headers: str) -> int | None:
    named = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    refusal = guard.refusal(HttpRequest(method, target, named))
    return None if refusal is None else int(refusal.status)


def test_without_a_token_everybody_may_whom_host_and_origin_let_in() -> None:
    assert status_of(Guard()) is None
    assert status_of(Guard(), origin="http://localhost:3000", sec_fetch_site="cross-site") is None
    assert status_of(Guard(), sec_fetch_site="same-origin") is None
    assert status_of(Guard(), sec_fetch_site="none") is None


@pytest.mark.parametrize(
    ("method", "headers", "status"),
    [
        ("POST", {}, 403),
        ("POST", {"sec_fetch_mode": "navigate", "sec_fetch_dest": "document"}, 403),  # a form
        ("GET", {}, 403),
        ("GET", {"sec_fetch_mode": "no-cors", "sec_fetch_dest": "image"}, 403),
        ("GET", {"sec_fetch_mode": "navigate", "sec_fetch_dest": "iframe"}, 403),
        ("GET", {"sec_fetch_mode": "navigate", "sec_fetch_dest": "document"}, None),  # a link
    ],
)
def test_a_page_of_another_site_may_link_to_it_and_nothing_else(
    method: str, headers: dict[str, str], status: int | None
) -> None:
    assert status_of(Guard(), method, sec_fetch_site="cross-site", **headers) == status


def test_where_there_is_a_token_a_request_must_have_it() -> None:
    guard = Guard(TOKEN)
    assert status_of(guard) == 401
    assert status_of(guard, authorization="Bearer something-else") == 401
    assert status_of(guard, authorization=f"Bearer {TOKEN}") is None
    assert status_of(guard, target=f"/_feedrec/pause?token={TOKEN}") is None
    assert status_of(guard, authorization=f"Bearer {TOKEN}", sec_fetch_site="cross-site") == 403
    assert guard.refusal(HttpRequest("GET", "/_feedrec/static/page.js"), is_public=True) is None


def test_who_is_exposed_has_a_token_the_one_that_was_given_if_there_is() -> None:
    given, made = Guard(TOKEN), Guard()
    given.expose()
    made.expose()
    assert (given.token, given.is_made) == (TOKEN, False)
    assert (len(made.token or ""), made.is_made) == (32, True)
    assert status_of(made) == 401
