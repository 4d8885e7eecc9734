"""What was recorded for requests, as of any time."""

from __future__ import annotations

import asyncio
import itertools
import threading
from collections.abc import Callable, Hashable, Iterable, Sequence

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedrec.feeds.redaction.addresses import redact_target
from feedrec.http_messages import RECORDER, HttpAnswer, HttpExchange, HttpRequest
from feedrec.replay.rest import recorded_answers
from feedrec.replay.rest.recorded_answers import RecordedAnswers

from ...timing import until

HOST = "https://api.test"


class Source:
    """
    Exchanges in a list.

    Attributes:
        looks: How often it was asked for new ones.
        reads: The places of which the exchange was read.

    """

    def __init__(self, exchanges: Sequence[HttpExchange], *, grows: bool = False) -> None:
        self.grows = grows
        self.exchanges = list(exchanges)
        self.looks = 0
        self.reads: list[Hashable] = []
        self._given = 0

    def new(self, pause: Callable[[], object]) -> Iterable[tuple[Hashable, HttpExchange]]:
        self.looks += 1
        pause()
        first, self._given = self._given, len(self.exchanges)
        return list(enumerate(self.exchanges))[first:]

    def at(self, place: Hashable, pause: Callable[[], object]) -> HttpExchange:
        pause()
        self.reads.append(place)
        assert isinstance(place, int)
        return self.exchanges[place]


def exchange(time: int, url: str, body: bytes = b"{}", status: int = 200, method: str = "GET") -> HttpExchange:
    return HttpExchange(time, time - 1, method, url, HttpAnswer(status, body))


def find(source: Source, target: str, now: int, host: str = "", method: str = "GET") -> bytes | None:
    request = HttpRequest(method, target, (("host", host),) if host else ())
    answer = asyncio.run(RecordedAnswers(Source(source.exchanges)).find(request, now))
    return None if answer is None else answer.body


@given(st.lists(st.integers(0, 9)), st.integers(-1, 10))
def test_it_is_the_latest_answer_by_then_else_the_first_one(times: list[int], now: int) -> None:
    """Of two that came at the same time, the one that stands later."""
    source = Source([exchange(time, f"{HOST}/time", b"%d" % number) for number, time in enumerate(times)])
    by_time = sorted(enumerate(times), key=lambda one: one[1])
    past = [number for number, time in by_time if time <= now]
    expected = past[-1:] or [number for number, _ in by_time[:1]]
    assert find(source, "/time", now) == (b"%d" % expected[0] if expected else None)


@pytest.mark.parametrize(
    ("url", "target", "found"),
    [
        ("/a?x=1&y=2", "/a?y=2&x=1", b"{}"),
        ("/a?x=1&x=2", "/a?x=2&x=1", b"{}"),
        ("/a?x=a%20b", "/a?x=a+b", b"{}"),
        ("/a%2Db", "/a-b", b"{}"),
        ("", "/", b"{}"),
        ("/a?x=", "/a", None),
        ("/a?x=1", "/a?x=2", None),
        ("/a?x=1", "/a?x=1&y=1", None),
        ("/a?x=1&x=1", "/a?x=1", None),
        ("/a", "/a/", None),
        ("/A", "/a", None),
        ("/a?api_key=[redacted]&x=1", "/a?x=1&api_key=0123456789", b"{}"),
        ("/a?api_key=[redacted]", "/a", b"{}"),
        ("/a?CMC_PRO_API_KEY=[redacted]&x=1", "/a?CMC_PRO_API_KEY=b54bcf4d-1bca-4e8e-9a24-22ff2c3d462c&x=2", None),
    ],
)
def test_parameters_are_compared_decoded_and_in_any_order_without_secret_ones(
    url: str, target: str, found: bytes | None
) -> None:
    assert find(Source([exchange(1, f"{HOST}{url}")]), target, 5) == found


def test_a_method_is_that_method() -> None:
    source = Source([exchange(1, f"{HOST}/orders", b"posted", method="POST"), exchange(2, f"{HOST}/orders", b"got")])
    assert find(source, "/orders", 5) == b"got"
    assert find(source, "/orders", 5, method="POST") == b"posted"
    assert find(source, "/orders", 5, method="DELETE") is None


def test_what_was_recorded_for_head_comes_before_what_get_was_told() -> None:
    source = Source([exchange(1, f"{HOST}/x", b"got"), exchange(2, f"{HOST}/y", b"got")])
    source.exchanges.append(exchange(2, f"{HOST}/x", b"", method="HEAD"))
    assert [find(source, target, 5, method="HEAD") for target in ("/x", "/y")] == [b"", b"got"]
    assert find(source, "/x", 5) == b"got"


def test_an_address_that_is_none_hides_no_other() -> None:
    source = Source([exchange(1, "https://[bad/x", b"evil"), exchange(2, f"{HOST}/x", b"good")])
    assert find(source, "/x", 5) == b"good"


def test_a_host_that_has_answers_of_its_own_gives_these() -> None:
    source = Source([exchange(1, "https://a.test/x", b"a"), exchange(2, "https://b.test:444/x", b"b")])
    assert [find(source, "/x", 5, host) for host in ("a.test", "b.test:8765", "127.0.0.1:8765")] == [b"a", b"b", b"b"]


def test_an_answer_without_content_to_whoever_had_it_already_is_none() -> None:
    source = Source([exchange(1, f"{HOST}/x", b"there"), exchange(2, f"{HOST}/x", b"", 304)])
    assert find(source, "/x", 5) == b"there"


def test_a_failure_of_the_venue_is_its_answer() -> None:
    async def scenario() -> HttpAnswer | None:
        source = Source([exchange(1, f"{HOST}/x", b"slow down", 429)])
        return await RecordedAnswers(source).find(HttpRequest("GET", "/x"), 5)

    assert asyncio.run(scenario()) == HttpAnswer(429, b"slow down")


@pytest.mark.parametrize("status", [400, 429, 503])
def test_a_failure_that_met_the_recorder_itself_is_nobodys_answer(status: int) -> None:
    """It stands in the way neither of what it was told before nor of what the frames tell."""
    failed = msgspec.structs.replace(exchange(2, f"{HOST}/x", b"slow down", status), by=RECORDER)
    asked = msgspec.structs.replace(exchange(1, f"{HOST}/x", b"there"), by=RECORDER)
    assert find(Source([asked, failed]), "/x", 5) == b"there"
    assert find(Source([failed]), "/x", 5) is None


def test_an_answer_that_could_not_be_unpacked_says_how_it_is_compressed() -> None:
    async def scenario() -> HttpAnswer | None:
        packed = HttpAnswer(200, b"\xff", headers=(("content-encoding", "br"), ("cb-after", "7")))
        source = Source([HttpExchange(1, 1, "GET", f"{HOST}/x", packed)])
        return await RecordedAnswers(source).find(HttpRequest("GET", "/x"), 5)

    answer = asyncio.run(scenario())
    assert answer is not None
    assert (answer.encoding, answer.body) == ("br", b"\xff")


def test_an_answer_is_read_once_as_long_as_it_is_kept() -> None:
    async def scenario() -> None:
        source = Source([exchange(1, f"{HOST}/x"), exchange(2, f"{HOST}/y")])
        recorded = RecordedAnswers(source)
        for target in ("/x", "/y", "/x", "/x"):
            assert await recorded.find(HttpRequest("GET", target), 5) is not None
        assert source.reads == [0, 1]
        assert source.looks == 1

    asyncio.run(scenario())


def test_what_is_recorded_later_is_found_later() -> None:
    """A recording that grows is looked at again, but not for each request."""

    async def scenario() -> None:
        now = 0.0
        source = Source([], grows=True)
        recorded = RecordedAnswers(source, lambda: now)
        request = HttpRequest("GET", "/x")
        assert await recorded.find(request, 5) is None
        source.exchanges.append(exchange(1, f"{HOST}/x", b"1"))
        assert await recorded.find(request, 5) is None
        now = 1.0
        for answer in await asyncio.gather(*(recorded.find(request, 5) for _ in range(9))):
            assert answer == HttpAnswer(200, b"1")
        assert source.looks == 2
        source.exchanges.append(exchange(2, f"{HOST}/x", b"2"))
        source.grows = False
        now = 2.0
        assert await recorded.find(request, 5) == HttpAnswer(200, b"2")
        now = 3.0
        assert await recorded.find(request, 5) == HttpAnswer(200, b"2")
        assert source.looks == 3

    asyncio.run(scenario())


def test_what_was_recorded_is_looked_through_beside_the_event_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    """There may be a hundred thousand, of a bot that asks each second."""
    threads: list[threading.Thread] = []

    def redact(target: str) -> str:
        threads.append(threading.current_thread())
        return redact_target(target)

    monkeypatch.setattr(recorded_answers, "redact_target", redact)
    source = Source([exchange(1, f"{HOST}/{number}") for number in range(50)])
    assert find(source, "/7", 5) == b"{}"
    assert [one is threading.main_thread() for one in threads] == [False] * 50 + [True]


def test_nothing_is_read_on_at_the_end_and_nobody_waits_for_it() -> None:
    async def scenario() -> None:
        class Endless(Source):
            def new(self, pause: Callable[[], object]) -> Iterable[tuple[Hashable, HttpExchange]]:
                for number in itertools.count():
                    yield number, exchange(number, f"{HOST}/x")
                    pause()

        recorded = RecordedAnswers(Endless([]))
        asking = [asyncio.create_task(recorded.find(HttpRequest("GET", "/x"), 5)) for _ in range(3)]
        await until(lambda: recorded.has_any)
        recorded.close()
        assert await asyncio.gather(*asking) == [None] * 3

    asyncio.run(scenario())
