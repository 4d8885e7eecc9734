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
from websockets.exceptions import ConnectionClosed, InvalidStatus

from feedrec.errors import UsageError
from feedrec.feeds.auth import PublicKey
from feedrec.feeds.credentials import ExchangeKey
from feedrec.replay import ClientResult, ReplayOptions, ReplayServer
from feedrec.replay.venue import endpoints

from ...timing import HANG_TIMEOUT, until
from ..fake_venue import START, FakeVenue, record

MILLISECOND = 1_000_000
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
    """Give all that a new client gets."""
    async with connect(url) as client:
        await client.send("subscribe")
        return await rest_of(client)


def times_of(messages: list[str]) -> list[int]:
    """Give the recorded milliseconds of data frames."""
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
            expected = b"This is no path of the replay: '/west', which is not served; there are /north, /south\n"
            assert response.body == expected
            assert server.has_lacked
            with pytest.raises(InvalidStatus):
                await connect(f"{server.url}/{'x' * 5000}")

    with caplog.at_level(logging.WARNING, logger="feedrec"):
        run(scenario())
    first, second = (record.getMessage() for record in caplog.records)
    assert first == "a client asks for the path '/west', which is not served; there are /north, /south"
    assert len(second) < 200


def test_what_is_no_websocket_is_not_told_of_paths(recordings: list[Path], caplog: pytest.LogCaptureFixture) -> None:
    """A browser that asks for its icon gets 426, and is no matter for the log."""

    async def scenario() -> None:
        async with ReplayServer(recordings, options()) as server:
            reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
            writer.write(b"GET /favicon.ico HTTP/1.1\r\nHost: x\r\n\r\n")
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
        with pytest.raises(UsageError, match=r"'elsewhere' answers.* beside others: leave them out, or .*verbatim"):
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


# Time


async def follow(url: str) -> tuple[list[str], list[float]]:
    """Give all that a new client gets, and when it got it, in seconds."""
    messages, moments = [], []
    async with connect(url) as client:
        await client.send("subscribe")
        try:
            while True:
                messages.append(await next_of(client))
                moments.append(time.monotonic())
        except ConnectionClosed:
            return messages, moments


def test_clients_of_different_endpoints_see_the_same_moment(recordings: list[Path]) -> None:
    """One that comes later gets the state as of then; from there on both get what is of one time at one time."""

    async def scenario() -> None:
        async with ReplayServer(recordings, options()) as server:
            early = asyncio.create_task(follow(f"{server.url}/north"))
            await asyncio.sleep(0.4)
            (late, late_moments), (whole, moments) = await asyncio.gather(follow(f"{server.url}/south"), early)
        assert times_of(whole[1:]) == list(range(0, 1000, 10))
        joined, last = int(late[0].split()[0]), int(late[0].split()[-1])
        assert 300 < joined < 600
        assert joined - 20 < last <= joined
        assert times_of(late[1:]) == list(range(last + 10, 1005, 10))
        offsets = [moment - time / 1000 for moment, time in zip(moments[1:], times_of(whole[1:]), strict=True)]
        late_offsets = [moment - time / 1000 for moment, time in zip(late_moments[1:], times_of(late[1:]), strict=True)]
        assert sorted(late_offsets)[len(late_offsets) // 2] == pytest.approx(sorted(offsets)[50], abs=0.02)

    run(scenario())


def test_who_comes_back_joins_at_the_present(recordings: list[Path]) -> None:
    """Time went on though nobody was there; what was missed is in the state."""
    results: list[ClientResult] = []

    async def scenario() -> None:
        async with ReplayServer(recordings, options(), on_client_end=results.append) as server:
            async with connect(server.url) as client:
                await client.send("subscribe")
                assert await next_of(client) == "0 state: nothing"
                await client.recv()
            await until(lambda: len(results) == 1)
            await asyncio.sleep(0.3)
            messages = await replayed(server.url)
            joined = int(messages[0].split()[0])
            assert 250 < joined < 700
            assert times_of(messages[1:])[0] - int(messages[0].split()[-1]) == 10
            await until(lambda: len(results) == 2)
            assert results[1].lateness is not None
            assert results[1].lateness.max < 200 * MILLISECOND
            assert results[1].achieved_speed == pytest.approx(1, abs=0.2)

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


def test_who_comes_after_the_end_is_closed(recordings: list[Path]) -> None:
    """Also where connections are held open: there is nothing more to come, and nothing to tell."""

    async def scenario() -> None:
        chosen = options(speed=20.0, at_end="hold")
        async with ReplayServer(recordings, chosen) as server, connect(server.url) as client:
            await client.send("subscribe")
            for _ in range(101):
                await client.recv()
            await asyncio.sleep(0.05)
            assert await replayed(f"{server.url}/south") == []

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
            await asyncio.sleep(0.1)
            async with connect(f"{server.url}/south", max_queue=10_000) as late:
                await late.send("subscribe")
                assert (await next_of(late)).endswith("state: nothing")
                assert await next_of(late) == "south 5"

    run(scenario())


def test_clients_of_one_endpoint_share_time_if_asked_to(recordings: list[Path]) -> None:
    """With `--clock shared`."""

    async def scenario() -> None:
        async with (
            ReplayServer(recordings[0], options(clock="shared")) as server,
            connect(server.url, max_queue=10_000) as early,
        ):
            await early.send("subscribe")
            await early.recv()
            await asyncio.sleep(0.2)
            assert int((await replayed(server.url))[0].split()[0]) > 150

    run(scenario())


def test_verbatim_who_comes_later_joins_at_the_present_too(recordings: list[Path]) -> None:
    """Without any state."""

    async def scenario() -> None:
        chosen = options(clock="shared", mode="verbatim")
        async with ReplayServer(recordings, chosen) as server, connect(server.url, max_queue=10_000) as early:
            await early.send("subscribe")
            await early.recv()
            await asyncio.sleep(0.2)
            assert times_of(await replayed(server.url))[0] > 150

    run(scenario())


@pytest.mark.parametrize("wrong", [{"speed": math.inf}, {"loop": True}])
def test_a_present_that_cannot_be_shared_is_refused(wrong: dict[str, Any]) -> None:
    """One line says what to leave out."""
    with pytest.raises(UsageError, match=r"no present that all clients share.*--clock shared"):
        ReplayOptions(clock="shared", **wrong)


def test_an_endpoint_that_begins_much_later_is_told(
    tmp_path: Path, venues: dict[str, FakeVenue], caplog: pytest.LogCaptureFixture
) -> None:
    """Its clients wait until then, as their time is that of the others; and where that begins can be chosen."""
    del venues
    north = record(tmp_path / "north.jsonl.zst", "north", range(0, 61_000, 100))
    south = record(tmp_path / "south.jsonl.zst", "south", [60_000])

    async def scenario(**changes: Any) -> None:
        async with (
            ReplayServer([north, south], options(speed=20.0, **changes)) as server,
            connect(f"{server.url}/south") as client,
        ):
            await client.send("subscribe")
            began = time.monotonic()
            assert (await next_of(client)).endswith("state: nothing")
            assert time.monotonic() - began < 1
            if changes:
                assert await next_of(client) == "south 60000"

    with caplog.at_level(logging.WARNING, logger="feedrec"):
        run(scenario())
        assert [record.getMessage() for record in caplog.records] == [
            "south begins 60 s after the replay: until then its clients get nothing but answers"
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

    with pytest.raises(UsageError, match="how 'elsewhere' checks credentials"):
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
