"""What is asked, and where."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedrec.errors import UsageError
from feedrec.feeds import Subscription
from feedrec.feeds.redaction import Redaction
from feedrec.recorder.rest.plan import EVERY, RestPlan, checked_base, moved, plan_for

from ..venue import PlainFeed
from .fake_half import FakeHalf, FeedWithRest

SUBSCRIPTIONS = [Subscription("ticker", ("BTC-USD",))]


def test_each_address_is_asked_once() -> None:
    half = FakeHalf("https://a.example/x", "https://b.example/y?z=1", "https://a.example/x")
    assert RestPlan(half).addresses(SUBSCRIPTIONS) == ["https://a.example/x", "https://b.example/y?z=1"]
    assert half.asked_for == [SUBSCRIPTIONS]


def test_another_base_takes_the_place_of_every_host() -> None:
    half = FakeHalf("https://a.example/x", "https://b.example/y?z=1", "https://c.example")
    plan = plan_for(FeedWithRest(half), "http://127.0.0.1:9000/mock/", 5, redaction=Redaction(), has_url=True)
    there = "http://127.0.0.1:9000/mock"
    assert plan.addresses(SUBSCRIPTIONS) == [f"{there}/x", f"{there}/y?z=1", there]
    assert plan.every == 5


def test_by_default_the_venue_is_asked_each_hour() -> None:
    assert plan_for(FeedWithRest(half := FakeHalf()), redaction=Redaction()) == RestPlan(half, "", EVERY)
    assert EVERY == 3600


@given(st.sampled_from(["", "/a", "/a/b%2Fc"]), st.sampled_from(["", "?x=1&y=a%20b", "?q"]))
def test_path_and_query_stay_as_they_are(path: str, query: str) -> None:
    assert moved(f"https://a.example{path}{query}", "http://b:1") == f"http://b:1{path}{query}"
    assert moved(f"https://a.example{path}{query}", "") == f"https://a.example{path}{query}"


@pytest.mark.parametrize(
    "base", ["", "host", "ws://host", "https://", "http://a:b", "http://a?x=1", "http://a#f", "a:/"]
)
def test_what_is_no_address(base: str) -> None:
    with pytest.raises(UsageError, match="is not an HTTP address: use one such as https://host or"):
        checked_base(base, Redaction())


def test_a_wrong_address_shows_no_secret() -> None:
    with pytest.raises(UsageError) as refused:
        checked_base("https://user:planted@host/?api_key=planted", Redaction())
    assert "planted" not in str(refused.value)


def test_of_a_feed_without_rest_nothing_can_be_asked() -> None:
    with pytest.raises(UsageError, match="feedrec knows no REST requests of plain: leave out --rest"):
        plan_for(PlainFeed(), redaction=Redaction())


def test_the_live_venue_is_not_asked_beside_a_feed_from_elsewhere() -> None:
    with pytest.raises(
        UsageError, match=r"but the REST of the live venue would be asked: give its address with --rest"
    ):
        plan_for(FeedWithRest(FakeHalf()), redaction=Redaction(), has_url=True)
