"""Several endpoints in one server, with real sockets: by path, at one time, with what each demands of credentials."""

from __future__ import annotations

import asyncio
import gc
import logging
import math
import time
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidStatus

from feedrec.errors import UsageError
from feedrec.feeds.auth import PublicKey
from feedrec.feeds.credentials import ExchangeKey
from feedrec.replay import ClientResult, ReplayOptions, ReplayServer
from feedrec.replay.venue import endpoints

from ...timing import HANG_TIMEOUT, scaled, until
from ..clocks import MILLISECOND, ManualClock
from ..fake_venue import START, FakeVenue, record

SECOND = 1_000 * MILLISECOND
KEY = ExchangeKey("the-key", "c2VjcmV0", "the-passphrase")
PUBLIC_KEY = """-----BEGIN PUBLIC KEY-----
MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=
-----END PUBLIC KEY-----
"""


@pytest.fixture
def venues(monkeypatch: pytest.MonkeyPatch) -> dict[str, FakeVenue]:
    """Two venues whose endpoints are `north` and `south`."""
    known = {name: FakeVenue(name, settings) for name, settings in (("north", ["a", "b"]), ("south", ["b", "c"]))}
    monkeypatch.setattr(endpoints, "venue_of", known.get)
    return known


@pytest.fixture
def recordings(tmp_path: Path, venues: dict[str, FakeVenue]) -> list[Path]:
    """Record a second of each: a frame each 10 ms, those of the south 5 ms later."""
    del venues
    north = record(tmp_path / "north.jsonl.zst", "north", range(0, 1000, 10))
    return [north, record(tmp_path / "south.jsonl.zst", "south", range(5, 1005, 10))]


def options(**changes: Any) -> ReplayOptions:
    return ReplayOptions(**{"port": 0, "settle": 0.02, **changes})


def run(scenario: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(scenario, HANG_TIMEOUT))


async def next_of(client: ClientConnection) -> str:
    return str(await client.recv())


async def rest_of(client: ClientConnection) -> list[str]:
    return [str(message) async for message in client]


async def replayed(url: str) -> list[str]:
    """Return all that a new client gets."""
    async with connect(url) as client:
        await client.send("subscribe")
        return await rest_of(client)


def times_of(messages: list[str]) -> list[int]:
    """Return the recorded milliseconds of data frames."""
    return [int(message.split()[1]) for message in messages]


# Paths


def test_each_endpoint_is_served_at_its_path(recordings: list[Path]) -> None:
    """That of its name; a slash at the end or a query change nothing, and `/` is the first one given."""

    async def scenario() -> None:
        async with ReplayServer(recordings, options(speed=math.inf)) as server:
            assert server.urls == {name: f"{server.url}/{name}" for name in ("north", "south")}
            for path, name in {
                "/north": "north",
                "/south": "south",
                "/south/": "south",
                "/south?x=/north": "south",
                "/?x": "north",
                "": "north",
            }.items():
                messages = await replayed(f"{server.url}{path}")
                assert len(messages) == 101
                assert {message.split()[0] for message in messages[1:]} == {name}

    run(scenario())


def test_the_first_one_given_is_at_the_root(recordings: list[Path]) -> None:
    """Whatever its name."""

    async def scenario() -> None:
        async with ReplayServer(recordings[::-1], options(speed=math.inf)) as server:
            assert list(server.urls) == ["south", "north"]
            assert (await replayed(server.url))[1] == "south 5"

    run(scenario())


def test_a_single_endpoint_is_served_whatever_the_path(recordings: list[Path]) -> None:
    """Several files of one endpoint are one endpoint; its URL has no path."""

    async def scenario() -> None:
        async with ReplayServer([recordings[0], recordings[0]], options(speed=math.inf)) as server:
            assert server.urls == {"north": server.url}
            for path in ("", "/north", "/anything/at?all"):
                assert len(await replayed(f"{server.url}{path}")) == 201

    run(scenario())


def test_verbatim_all_recordings_are_one_stream(recordings: list[Path]) -> None:
    """Merged by time, whatever the path."""

    async def scenario() -> None:
        async with ReplayServer(recordings, options(speed=math.inf, mode="verbatim")) as server:
            messages = await replayed(f"{server.url}/south")
            assert messages[:3] == ["north 0", "south 5", "north 10"]
            assert len(messages) == 200
            await until(lambda: bool(server.total.clients))
            assert list(server.totals) == ["north+south"]

    run(scenario())


def test_an_unknown_path_is_refused_with_those_that_there_are(
    recordings: list[Path], caplog: pytest.LogCaptureFixture
) -> None:
    """404 in the handshake and one line in the log, without the query: it may hold secrets."""

    async def scenario() -> None:
        async with ReplayServer(recordings, options()) as server:
            with pytest.raises(InvalidStatus) as refusal:
                await connect(f"{server.url}/west?key=planted")
            response = refusal.value.response
            assert response.status_code == 404
            assert response.body == b"unknown path '/west'; the paths are /north, /south\n"
            assert server.has_lacked
            with pytest.raises(InvalidStatus):
                await connect(f"{server.url}/{'x' * 5000}")

    with caplog.at_level(logging.WARNING, logger="feedrec"):
        run(scenario())
    first, second = (record.getMessage() for record in caplog.records)
    assert first == "a client was refused: unknown path '/west'; the paths are /north, /south"
    assert len(second) < 200


def test_what_is_no_websocket_is_not_told_of_paths(recordings: list[Path], caplog: pytest.LogCaptureFixture) -> None:
    """A browser that asks for its icon gets 426, and is no matter for the log."""

    async def scenario() -> None:
        async with ReplayServer(recordings, options()) as server:
            reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
            writer.write(b"GET /favicon.ico HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert b" 426 " in await reader.readline()
            writer.close()
            await writer.wait_closed()
            assert not server.has_lacked

    with caplog.at_level(logging.WARNING, logger="feedrec"):
        run(scenario())
    assert caplog.records == []


def test_results_name_the_endpoint(recordings: list[Path]) -> None:
    """Each client's, and the totals by endpoint, with those that nobody came to."""
    results: list[ClientResult] = []

    async def scenario() -> None:
        async with ReplayServer(recordings, options(speed=math.inf), on_client_end=results.append) as server:
            for _ in range(2):
                await replayed(f"{server.url}/south")
            await until(lambda: len(results) == 2)
            assert [result.endpoint for result in results] == ["south", "south"]
            assert {name: (total.clients, total.frames) for name, total in server.totals.items()} == {
                "north": (0, 0),
                "south": (2, 200),
            }
            assert server.total.clients == 2

    run(scenario())


def test_an_endpoint_that_nobody_can_answer_for_is_refused_among_others(recordings: list[Path], tmp_path: Path) -> None:
    """One line says what to do about it."""
    other = record(tmp_path / "other.jsonl.zst", "elsewhere", [0])

    async def start(paths: list[Path]) -> None:
        async with ReplayServer(paths, options()):
            pass

    for paths in ([*recordings, other], [other, recordings[0]]):
        with pytest.raises(UsageError, match=r"'elsewhere': .* next to others; leave them out, or .*verbatim"):
            run(start(paths))
    run(start([other]))


def test_each_endpoint_gets_the_settings_that_it_knows(recordings: list[Path], venues: dict[str, FakeVenue]) -> None:
    """What neither knows is refused."""

    async def start(**settings: str) -> None:
        async with ReplayServer(recordings, options(settings=settings)) as server:
            for name in ("north", "south"):
                async with connect(f"{server.url}/{name}"):
                    pass

    run(start(a="1", b="2", c="3"))
    assert venues["north"].settings[-1] == {"a": "1", "b": "2"}
    assert venues["south"].settings[-1] == {"b": "2", "c": "3"}
    with pytest.raises(UsageError, match="north has no setting 'd'; south has no setting 'd'"):
        run(start(a="1", d="4"))
    run(start(a="1", close_after="30s"))
    assert (venues["north"].settings[-1], venues["south"].settings[-1]) == ({"a": "1"}, {})
    with pytest.raises(UsageError, match="close_after 'soon' is neither"):
        run(start(close_after="soon"))


def test_a_replay_that_changes_nothing_has_no_settings(recordings: list[Path]) -> None:
    with pytest.raises(UsageError, match="has no settings: leave out --set"):
        run(ReplayServer(recordings, options(mode="verbatim", settings={"close_after": "5"})).start())


# Time


def by_hand(clock: ManualClock, recordings: Path | list[Path], /, **changes: Any) -> ReplayServer:
    """Serve recordings in a time that passes when the test says so."""
    return ReplayServer(recordings, options(settle=0, **changes), clock=clock, sleep=clock.sleep)


async def take(client: ClientConnection, count: int) -> list[str]:
    return [await next_of(client) for _ in range(count)]


def test_clients_of_different_endpoints_see_the_same_moment(recordings: list[Path]) -> None:
    """A client that connects later gets the state of that moment; from there on both are at the same time."""
    clock = ManualClock()

    async def scenario() -> None:
        async with by_hand(clock, recordings) as server, connect(f"{server.url}/north") as early:
            await early.send("subscribe")
            assert await take(early, 2) == ["0 state: nothing", "north 0"]
            clock.set_to(402)
            assert times_of(await take(early, 40)) == list(range(10, 410, 10))
            async with connect(f"{server.url}/south") as late:
                await late.send("subscribe")
                assert await next_of(late) == "402 state: south 395"
                clock.set_to(600)
                assert times_of(await take(late, 20)) == list(range(405, 605, 10))
                assert times_of(await take(early, 20)) == list(range(410, 610, 10))
                clock.set_to(1000)
                assert times_of(await rest_of(late)) == list(range(605, 1005, 10))
                assert times_of(await rest_of(early)) == list(range(610, 1000, 10))

    run(scenario())


def test_who_comes_back_joins_at_the_present(recordings: list[Path]) -> None:
    """Time went on though nobody was there; what was missed is in the state."""
    clock = ManualClock()
    results: list[ClientResult] = []

    async def scenario() -> None:
        async with ReplayServer(
            recordings, options(settle=0), clock=clock, sleep=clock.sleep, on_client_end=results.append
        ) as server:
            async with connect(server.url) as client:
                await client.send("subscribe")
                assert await take(client, 2) == ["0 state: nothing", "north 0"]
            await until(lambda: len(results) == 1)
            clock.set_to(303)
            async with connect(server.url) as client:
                await client.send("subscribe")
                assert await next_of(client) == "303 state: north 300"
                clock.set_to(990)
                assert times_of(await rest_of(client)) == list(range(310, 1000, 10))
            await until(lambda: len(results) == 2)
            assert results[1].recorded == results[1].elapsed == 687 * MILLISECOND
            assert results[1].lateness is not None
            assert results[1].lateness.count == 69

    run(scenario())


def test_after_the_end_it_begins_anew(recordings: list[Path]) -> None:
    """When nobody is left: so a server can be used once more."""

    async def scenario() -> None:
        results: list[ClientResult] = []
        async with ReplayServer(recordings, options(speed=20.0), on_client_end=results.append) as server:
            for name in ("north", "south", "north"):
                messages = await replayed(f"{server.url}/{name}")
                assert messages[0].endswith("state: nothing")
                assert len(messages) == 101
                await until(lambda: bool(results))
                results.clear()

    run(scenario())


@pytest.mark.parametrize("end", [None, START + 501 * MILLISECOND])
def test_who_comes_after_the_end_gets_the_state_there_where_connections_are_held(
    recordings: list[Path], end: int | None
) -> None:
    """Of the endpoint whose recording has ended; the common time goes on."""

    async def scenario() -> None:
        chosen = options(speed=20.0, at_end="hold", end=end)
        async with ReplayServer(recordings, chosen) as server, connect(server.url) as client:
            await client.send("subscribe")
            for _ in range(51 if end else 101):
                await client.recv()
            await asyncio.sleep(scaled(0.05))
            for expected in ("south 495", "south 495") if end else ("south 995", "south 995"):
                async with connect(f"{server.url}/south") as late:
                    await late.send("subscribe")
                    time, _, state = (await next_of(late)).partition(" state: ")
                    assert state == expected
                    assert int(time) > int(expected.split()[1])

    run(scenario())


@pytest.mark.parametrize("changes", [{"speed": math.inf}, {"speed": 20.0, "loop": True}, {"clock": "each"}])
def test_where_time_is_not_shared_each_client_begins_at_the_beginning(
    recordings: list[Path], changes: dict[str, Any]
) -> None:
    """As fast as can be, or looped, there is no common present; and with `--clock each`."""

    async def scenario() -> None:
        async with (
            ReplayServer(recordings, options(**changes)) as server,
            connect(server.url, max_queue=10_000) as early,
        ):
            await early.send("subscribe")
            await early.recv()
            await asyncio.sleep(scaled(0.1))
            async with connect(f"{server.url}/south", max_queue=10_000) as late:
                await late.send("subscribe")
                assert (await next_of(late)).endswith("state: nothing")
                assert await next_of(late) == "south 5"

    run(scenario())


@pytest.mark.parametrize(("mode", "first"), [(None, "402 state: north 400"), ("verbatim", "north 410")])
def test_clients_of_one_endpoint_share_time_if_asked_to(recordings: list[Path], mode: Any, first: str) -> None:
    """With `--clock shared`; verbatim there is no state."""
    clock = ManualClock()

    async def scenario() -> None:
        async with (
            by_hand(clock, recordings[0], clock="shared", mode=mode) as server,
            connect(server.url, max_queue=10_000) as early,
        ):
            await early.send("subscribe")
            await early.recv()
            clock.set_to(402)
            async with connect(server.url) as late:
                await late.send("subscribe")
                if mode == "verbatim":
                    clock.set_to(410)
                assert await next_of(late) == first

    run(scenario())


@pytest.mark.parametrize("wrong", [{"speed": math.inf}, {"loop": True}])
def test_a_present_that_cannot_be_shared_is_refused(wrong: dict[str, Any]) -> None:
    """One line says what to leave out."""
    with pytest.raises(UsageError, match=r"no current time to share.*--clock shared"):
        ReplayOptions(clock="shared", **wrong)


def test_an_endpoint_that_begins_much_later_is_told(
    tmp_path: Path, venues: dict[str, FakeVenue], caplog: pytest.LogCaptureFixture
) -> None:
    """Its clients wait until then, as their time is that of the others; and where that begins can be chosen."""
    del venues
    clock = ManualClock()
    north = record(tmp_path / "north.jsonl.zst", "north", range(0, 61_000, 100))
    south = record(tmp_path / "south.jsonl.zst", "south", [60_000])

    async def scenario(**changes: Any) -> None:
        async with by_hand(clock, [north, south], **changes) as server, connect(f"{server.url}/south") as client:
            await client.send("subscribe")
            assert (await next_of(client)).endswith("state: nothing")
            if changes:
                clock.set_to(1000)
                assert await next_of(client) == "south 60000"

    with caplog.at_level(logging.WARNING, logger="feedrec"):
        run(scenario())
        assert [record.getMessage() for record in caplog.records] == [
            "south begins 60 s into the replay: until then, its clients receive only replies"
        ]
        caplog.clear()
        run(scenario(start=START + 59 * SECOND))
    assert caplog.records == []


# Credentials


@pytest.mark.parametrize(
    ("mode", "message", "refusal"),
    [
        ("any", "subscribe signature=x key=x passphrase=x timestamp=x", None),
        ("any", "subscribe signature=x", "it has no key, no passphrase, no timestamp"),
        ("none", "subscribe signature=x", None),
        ("strict", "subscribe signature=x key=x passphrase=x timestamp=1", " s behind the clock; 30 s are allowed"),
    ],
)
def test_what_is_demanded_of_credentials_reaches_the_venue(
    recordings: list[Path], caplog: pytest.LogCaptureFixture, mode: Any, message: str, refusal: str | None
) -> None:
    """The client gets what the venue answers; the reason is a line in the log."""

    async def scenario() -> None:
        keys = (KEY,) if mode == "strict" else ()
        async with (
            ReplayServer(recordings, options(auth=mode, auth_keys=keys)) as server,
            connect(server.url) as client,
        ):
            await client.send(message)
            assert await next_of(client) == ("0 state: nothing" if refusal is None else "refused")
            assert server.has_lacked == (refusal is not None)

    with caplog.at_level(logging.WARNING, logger="feedrec"):
        run(scenario())
    lines = [record.getMessage() for record in caplog.records]
    assert len(lines) == (refusal is not None)
    assert all(line.startswith("client 1 sends credentials that are refused: ") for line in lines)
    assert all(refusal in line for line in lines if refusal is not None)


def test_credentials_are_checked_by_the_wall_clock(recordings: list[Path]) -> None:
    """Though the recording is of another time."""

    async def scenario() -> None:
        chosen = options(auth="strict", auth_keys=(KEY, PublicKey(PUBLIC_KEY)))
        async with ReplayServer(recordings, chosen) as server:
            for age, answer in ((0, "state: nothing"), (60, "refused")):
                signed = KEY.sign(time.time_ns() - age * SECOND)
                async with connect(f"{server.url}/south") as client:
                    await client.send(" ".join(["subscribe", *(f"{name}={text}" for name, text in signed.items())]))
                    assert (await next_of(client)).endswith(answer)

    run(scenario())


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"auth": "strict"}, "needs a key"),
        ({"auth": "every"}, "unknown mode 'every'"),
        ({"auth_keys": (KEY,)}, "not for 'any'"),
        ({"auth": "strict", "auth_keys": (KEY, KEY)}, "two keys of one kind"),
        ({"auth": "strict", "auth_keys": (KEY,), "mode": "verbatim"}, "checks no credentials"),
    ],
)
def test_demands_that_make_no_sense_are_refused(wrong: dict[str, Any], said: str) -> None:
    """In one line, when the options are made."""
    with pytest.raises(UsageError, match=said):
        ReplayOptions(**wrong)


def test_strict_is_refused_where_nobody_checks(tmp_path: Path, venues: dict[str, FakeVenue]) -> None:
    """A recording of an endpoint that is not known is replayed verbatim."""
    del venues
    path = record(tmp_path / "other.jsonl.zst", "elsewhere", [0])

    async def scenario() -> None:
        await ReplayServer(path, options(auth="strict", auth_keys=(KEY,))).start()

    with pytest.raises(UsageError, match="'elsewhere': its credentials cannot be checked"):
        run(scenario())


def test_no_secret_of_a_client_is_logged(recordings: list[Path], caplog: pytest.LogCaptureFixture) -> None:
    """Not of its messages, good, refused, or such that meet a defect; not of a handshake, good or failed."""
    handshakes = (
        b"GET /planted-1 planted-2\r\n\r\n",
        b"GET /?key=planted-3 HTTP/1.1\r\nHost: x\r\nplanted-4\r\n\r\n",
        b"GET / HTTP/1.1\r\nUpgrade: planted-5\r\nConnection: planted-6\r\n\r\n",
        b"GET /x?jwt=planted-7 HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nX-Key: planted-8\r\n\r\n",
        b"GET / HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: planted-9\r\n\r\n",
        b"planted-10\r\n\r\n",
    )
    signed = KEY.sign(time.time_ns())
    messages = (
        " ".join(["subscribe", *(f"{name}={text}" for name, text in signed.items())]),
        "subscribe signature=planted-a key=planted-b passphrase=planted-c timestamp=planted-d",
        "subscribe signature=planted-e key=planted-f passphrase=planted-g timestamp=1",
        "bug planted-h",
    )

    async def scenario() -> None:
        async with ReplayServer(recordings, options(auth="strict", auth_keys=(KEY,))) as server:
            for request in handshakes:
                reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
                writer.write(request)
                await reader.read()
                writer.close()
                await writer.wait_closed()
            url = f"{server.url}/north?token=planted-i"
            async with connect(url, additional_headers={"Key": "planted-j"}) as client:
                for message in messages:
                    await client.send(message)
                await client.wait_closed()
            await until(lambda: server.has_failed)

    with caplog.at_level(logging.DEBUG, logger="feedrec"), caplog.at_level(logging.DEBUG, logger="asyncio"):
        run(scenario())
        text = "invalid HTTP request line: planted-k"  # as websockets 13 logs it; later ones do not
        logging.getLogger("feedrec.replay.websockets").error("opening handshake failed", exc_info=ValueError(text))
        gc.collect()  # asyncio logs an exception that nobody fetched when its task goes
    lines = [f"{record.getMessage()} {record.exc_info}" for record in caplog.records]
    secrets = ("planted", KEY.key, KEY.passphrase, signed["signature"])
    assert [line for line in lines if any(secret in line for secret in secrets)] == []
    for said in (
        "opening handshake failed: ValueError",
        "credentials that are refused",
        "the replay failed: KeyError in line",
        "path '/x'",
    ):
        assert any(said in line for line in lines), (said, lines)


# Compression


def test_compression_is_agreed_on_as_the_venue_does(recordings: list[Path]) -> None:
    """`server_no_context_takeover; client_no_context_takeover`, as Coinbase Exchange answered in 2021."""

    async def scenario() -> None:
        chosen = options(speed=math.inf, deflate=True)
        async with ReplayServer(recordings, chosen) as server, connect(server.url) as client:
            assert client.response is not None
            agreed = client.response.headers["Sec-WebSocket-Extensions"]
            assert agreed == "permessage-deflate; server_no_context_takeover; client_no_context_takeover"
            await client.send("subscribe")
            assert len(await rest_of(client)) == 101

    run(scenario())
