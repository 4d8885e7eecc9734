"""Of a client, the outage counts in which its connection is, or the next one after what it was sent."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from feedrec.model import Frame, FrameInfo
from feedrec.replay.clock.time_types import RecordedSteady
from feedrec.replay.outages.client_outages import ClientOutages
from feedrec.replay.outages.endpoint_outages import EndpointOutages
from feedrec.replay.outages.reading import OutageReading
from feedrec.replay.timeline.timeline import Timeline

from .outage_recordings import at, closed, opened, ticker, write

STORY = [opened(0, 0), closed(10, 0), opened(20, 1), ticker(25, 1), closed(30, 1), opened(40, 2), ticker(50, 2)]
ERROR = FrameInfo(kind="error")


@pytest.fixture(scope="module")
def outages(tmp_path_factory: pytest.TempPathFactory) -> EndpointOutages:
    path = write(tmp_path_factory.mktemp("outages") / "a.jsonl.zst", STORY)
    return EndpointOutages(OutageReading(Timeline([path])))


def steady(seconds: float) -> RecordedSteady:
    return RecordedSteady(at(seconds))


def begun(outages: EndpointOutages, since: float, times: Sequence[float], let_in: float | None = None) -> ClientOutages:
    client = ClientOutages(outages, None if let_in is None else steady(let_in))
    client.begin(steady(since))
    asyncio.run(client.look(list(map(steady, times))))
    return client


def begins(client: ClientOutages, seconds: float) -> int | None:
    found = client.before(steady(seconds))
    return None if found is None else found.begin


def test_frames_up_to_the_beginning_are_before_it(outages: EndpointOutages) -> None:
    client = begun(outages, 1, [1, 11])
    assert [begins(client, time) for time in (9, 10, 10.1, 20)] == [None, None, at(10), at(10)]


@pytest.mark.parametrize(("last", "matters"), [(4.9, False), (5, True), (50, True)])
def test_frames_long_before_it_have_nothing_to_do_with_it(
    outages: EndpointOutages, last: float, *, matters: bool
) -> None:
    client = ClientOutages(outages)
    client.begin(steady(1))
    assert asyncio.run(client.look([steady(1), steady(last)])) is matters


def test_one_that_begins_amid_an_outage_is_in_it(outages: EndpointOutages) -> None:
    assert begins(begun(outages, 12, [21]), 21) == at(10)


def test_one_that_was_let_in_where_time_stands_is_behind_it(outages: EndpointOutages) -> None:
    client = begun(outages, 9, [21, 50], let_in=10)
    assert begins(client, 21) is None
    assert begins(client, 31) == at(30)
    assert client.by_now(steady(10)) is None


def test_one_that_goes_on_elsewhere_has_what_is_there(outages: EndpointOutages) -> None:
    client = begun(outages, 9, [21], let_in=10)
    client.move(steady(15))
    asyncio.run(client.look([steady(21)]))
    assert begins(client, 21) == at(10)
    client.move(steady(45))
    asyncio.run(client.look([steady(50)]))
    assert begins(client, 50) is None


def test_one_that_was_sent_nothing_is_in_the_outage_of_now(outages: EndpointOutages) -> None:
    client = ClientOutages(outages)
    found = client.by_now(steady(11))
    assert found is not None
    assert found.begin == at(10)
    assert client.by_now(steady(9)) is client.by_now(steady(20)) is None


@pytest.mark.parametrize(
    ("time", "conn", "info", "is_farewell"),
    [
        (9, 0, ERROR, True),
        (10, 0, ERROR, True),
        (4, 0, ERROR, False),
        (9, 1, ERROR, False),
        (9, 0, FrameInfo(kind="update"), False),
    ],
)
def test_a_farewell_is_an_error_on_that_connection_shortly_before(
    outages: EndpointOutages, time: float, conn: int, info: FrameInfo, *, is_farewell: bool
) -> None:
    client = begun(outages, 1, [11])
    assert client.is_farewell(Frame(at(time), conn, b"{}"), info, steady(time)) is is_farewell
