"""A recorded conversation is played to a client with real sockets: as it was, or with a clear failure."""

from __future__ import annotations

import asyncio
import contextlib
import time
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from feedrec.replay import ClientResult
from feedrec.replay.client import connection, dialogue_replay

from ...timing import MS, scaled, until
from ..dialogues import MILLISECOND, Line, closed, record_dialogue, serving
from ..raw_client import RawClient, run

TALK: list[Line] = ["< welcome", "> a", "< A", b"> \x00\x01", b"< \xff", closed("venue", 4001, "done")]
V1, V2 = Subprotocol("chat.v1"), Subprotocol("chat.v2")


async def talk(url: str, *said: str | bytes, **options: Any) -> tuple[list[str | bytes], int | None, str | None]:
    """Say this at once; return what was heard, and how the server closed."""
    async with connect(url, max_size=None, **options) as client:
        with contextlib.suppress(ConnectionClosed):
            for one in said:
                await client.send(one)
        heard = [message async for message in iterate(client)]
        return heard, client.protocol.close_code, client.protocol.close_reason


async def iterate(client: ClientConnection) -> Any:
    try:
        while True:
            yield await client.recv()
    except ConnectionClosed:
        return


def outcome_of(path: Path, *said: str | bytes, leave: bool = False, **options: Any) -> tuple[ClientResult, Any]:
    """Play a recording to a client that says this; leave at once after that, or when the server closes."""
    results: list[ClientResult] = []

    async def scenario() -> Any:
        async with serving(path, at_end="exit", results=results, **options) as server:
            if leave:
                async with connect(server.url) as client:
                    for one in said:
                        await client.send(one)
                heard = None
            else:
                heard = await talk(server.url, *said)
            await until(lambda: results)
            assert server.failures == [result.failure for result in results if result.failure is not None]
            await server.wait_finished()
            return heard

    heard = run(scenario())
    return results[0], heard


@pytest.mark.parametrize("speed", [100.0, float("inf")])
def test_frames_go_out_when_the_client_has_said_its_part(speed: float, tmp_path: Path) -> None:
    """Text and binary, and the venue's close at the end."""
    result, heard = outcome_of(record_dialogue(tmp_path / "a.jsonl", TALK), "a", b"\x00\x01", speed=speed)
    assert heard == (["welcome", "A", b"\xff"], 4001, "done")
    assert (result.outcome, result.frames, result.size, result.failure) == ("finished", 3, 9, None)
    assert result.recorded == 4 * MILLISECOND
    assert (result.lateness is None) == (speed == float("inf"))


def test_fragments_are_one_message_and_what_is_said_right_before_leaving_is_heard(tmp_path: Path) -> None:
    path = record_dialogue(tmp_path / "a.jsonl", ["> abc", b"> \x00\x01\x02", "> last", closed("client")])
    results: list[ClientResult] = []

    async def scenario() -> None:
        async with serving(path, results=results) as server:
            async with connect(server.url) as client:
                await client.send(["a", "b", "c"])
                await client.send([b"\x00", b"\x01\x02"])
                await client.send("last")
            await until(lambda: results)

    run(scenario())
    assert [(result.outcome, result.failure) for result in results] == [("finished", None)]


def test_text_that_is_no_text_is_another_message(tmp_path: Path) -> None:
    path = record_dialogue(tmp_path / "a.jsonl", ["> a"])

    async def scenario() -> tuple[int, bytes]:
        async with serving(path) as server, RawClient(server.port) as client:
            client.send(b"\x81\x82\0\0\0\0\xff\xfe")
            return await client.receive()

    assert run(scenario()) == (0x88, b"\x03\xf0message 1 of 1 is not the recorded one")


def test_nothing_goes_out_before_the_client_has_spoken(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with serving(record_dialogue(tmp_path / "a.jsonl", TALK)) as server, connect(server.url) as client:
            assert await client.recv() == "welcome"
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(client.recv(), 50 * MS)
            await client.send("a")
            assert await client.recv() == "A"

    run(scenario())


def test_answers_take_as_long_as_when_they_were_recorded(tmp_path: Path) -> None:
    """Counted from the client's message, however late that comes; at twice the speed, half of it."""
    lines: list[Line] = ["> a", "< A", "> b", "< B", closed("venue")]

    async def scenario() -> None:
        path = record_dialogue(tmp_path / "a.jsonl", lines, spacing=200 * MILLISECOND)
        async with serving(path, 2.0) as server, connect(server.url) as client:
            for text in ("a", "b"):
                await asyncio.sleep(0.05)
                since = time.monotonic()
                await client.send(text)
                assert await client.recv() == text.upper()
                assert time.monotonic() - since >= 0.1
            await client.wait_closed()
            assert time.monotonic() - since >= 0.2

    run(scenario())


@pytest.mark.parametrize(
    ("said", "kind", "heard"),
    [
        (["b"], "message", ["welcome"]),
        ([b"a"], "message", ["welcome"]),
        (["a", "b"], "message", None),
        (["a", b"\x00\x02"], "message", None),
    ],
)
def test_another_message_closes_the_connection(
    said: list[str | bytes], kind: str, heard: list[str] | None, tmp_path: Path
) -> None:
    result, (got, code, reason) = outcome_of(record_dialogue(tmp_path / "a.jsonl", TALK), *said)
    assert result.outcome == "dialogue failed"
    assert result.failure is not None
    assert (result.failure.kind, result.failure.recorded) == (kind, "connection 0 of a.jsonl")
    assert code == 1008
    assert reason == result.failure.text
    assert heard is None or got in ([], heard)


def test_silence_fails(tmp_path: Path) -> None:
    """When the client is silent for longer than the patience; what it took when recorded is added to that."""
    path = record_dialogue(tmp_path / "a.jsonl", ["< A", "> a"], spacing=100 * MILLISECOND)
    since = time.monotonic()
    result, (heard, code, reason) = outcome_of(path, speed=1.0, match_timeout=0.05)
    assert time.monotonic() - since >= 0.15
    assert result.failure is not None
    assert (result.failure.kind, result.failure.difference) == ("silence", ("- a",))
    assert (heard, code, reason) == (["A"], 1008, "message 1 of 1 did not come within 0.15 s")


def test_leaving_early_fails_if_more_was_to_be_said(tmp_path: Path) -> None:
    path = record_dialogue(tmp_path / "a.jsonl", TALK)
    result, _ = outcome_of(path, "a", leave=True)
    assert result.outcome == "dialogue failed"
    assert result.failure is not None
    assert (result.failure.kind, result.failure.message) == ("left", 2)


def test_leaving_early_is_no_failure_if_nothing_more_was_to_be_said(tmp_path: Path) -> None:
    """Whoever has heard enough may go."""
    path = record_dialogue(tmp_path / "a.jsonl", ["> a", "< A", "< B"], spacing=3600 * 1000 * MILLISECOND)
    result, _ = outcome_of(path, "a", leave=True, speed=1.0)
    assert (result.outcome, result.failure) == ("client left", None)


def test_where_the_client_closed_its_close_is_waited_for(tmp_path: Path) -> None:
    path = record_dialogue(tmp_path / "a.jsonl", ["> a", "< A", closed("client")])
    result, _ = outcome_of(path, "a", leave=True)
    assert (result.outcome, result.failure) == ("finished", None)
    result, (heard, code, reason) = outcome_of(path, "a", match_timeout=0.05)
    assert (heard, code, reason) == (["A"], 1008, "it did not close within 0.05 s, as it did when recorded")
    assert result.failure is not None
    assert result.failure.kind == "not left"


def test_a_message_too_many_fails(tmp_path: Path) -> None:
    path = record_dialogue(tmp_path / "a.jsonl", ["> a", closed("client")])
    result, (_, code, _) = outcome_of(path, "a", "a")
    assert result.failure is not None
    assert (result.failure.kind, result.failure.difference) == ("surplus message", ("+ a",))
    assert code == 1008


def test_without_a_recorded_close_the_end_is_as_chosen(tmp_path: Path) -> None:
    path = record_dialogue(tmp_path / "a.jsonl", ["> a", "< A"], ["> a", "< A"])

    async def scenario() -> list[ClientResult]:
        results: list[ClientResult] = []
        async with serving(path, results=results) as server:
            assert await talk(server.url, "a") == (["A"], 1000, "")
        async with serving(path, at_end="hold", results=results) as server:
            async with connect(server.url) as client:
                await client.send("a")
                assert await client.recv() == "A"
                await client.ping()
                await asyncio.sleep(20 * MS)
            async with connect(server.url) as client:
                await client.send("a")
                assert await client.recv() == "A"
                await client.send("b")
                await client.wait_closed()
                assert client.protocol.close_code == 1008
        return results

    assert [result.outcome for result in run(scenario())] == ["finished", "finished", "dialogue failed"]


@pytest.mark.parametrize(
    ("code", "seen"),
    [(1000, (1000, "why")), (4999, (4999, "why")), (1005, (1005, "")), (1006, (1006, "")), (42, (1006, ""))],
)
def test_the_venue_closes_as_it_did(code: int, seen: tuple[int, str], tmp_path: Path) -> None:
    """A code that no close may have, as one of a recording made by hand, drops the connection."""
    path = record_dialogue(tmp_path / "a.jsonl", ["> a", "< A", closed("venue", code, "why")])
    result, (heard, *close) = outcome_of(path, "a")
    assert heard == ["A"]
    assert tuple(close) == seen
    assert result.outcome == "finished"


def test_the_reason_of_a_recorded_close_is_cut_where_it_is_too_long(tmp_path: Path) -> None:
    path = record_dialogue(tmp_path / "a.jsonl", ["> a", closed("venue", 4000, "\u20ac" * 60)])
    _, (_, code, reason) = outcome_of(path, "a")
    assert (code, reason) == (4000, "\u20ac" * 41)


@pytest.mark.parametrize(("offered", "agreed"), [([V1, V2], V2), ([V1], None), ([], None)])
def test_the_recorded_subprotocol_is_agreed_on_if_it_is_offered(
    offered: list[Subprotocol], agreed: str | None, tmp_path: Path
) -> None:
    path = record_dialogue(tmp_path / "a.jsonl", ["> a"], subprotocol="chat.v2")

    async def scenario() -> str | None:
        async with serving(path) as server, connect(server.url, subprotocols=offered or None) as client:
            return client.subprotocol

    assert run(scenario()) == agreed


def test_connections_at_different_paths_may_come_in_another_order(tmp_path: Path) -> None:
    recordings = [
        record_dialogue(tmp_path / f"{name}.jsonl", [f"< {name}", "> a"], url=f"wss://host/{name}")
        for name in ("public", "private")
    ]

    async def scenario() -> list[str | bytes]:
        server = serving(recordings)
        async with server, connect(f"{server.url}/private?x=1") as one, connect(f"{server.url}/public") as other:
            return [await one.recv(), await other.recv()]

    assert run(scenario()) == ["private", "public"]


def test_each_connection_has_its_client(tmp_path: Path) -> None:
    """Two at a time; the third is told that there is none left, and the run has failed."""
    path = record_dialogue(tmp_path / "a.jsonl", ["> a", "< A", closed("client")], ["> b", "< B", closed("client")])
    results: list[ClientResult] = []

    async def scenario() -> None:
        async with serving(path, results=results) as server:
            async with connect(server.url) as first, connect(server.url) as second:
                for client, text in ((second, "b"), (first, "a")):
                    await client.send(text)
                    assert await client.recv() == text.upper()
            await until(lambda: len(results) == 2)
            assert not server.failures
            heard = await talk(server.url, "a")
            assert heard == ([], 1008, "there is no connection left for it: 2 connections were recorded")
            await until(lambda: server.failures)
            assert [failure.kind for failure in server.failures] == ["surplus client"]

    run(scenario())
    assert [result.outcome for result in results] == ["finished", "finished", "dialogue failed"]


def test_a_client_that_does_not_read_is_dropped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As in all other modes; that it said nothing more is not what failed."""
    lines = ["> {}", *["< " + "x" * 100_000] * 300, "> end"]
    path = record_dialogue(tmp_path / "a.jsonl", lines)
    results: list[ClientResult] = []
    monkeypatch.setattr(dialogue_replay, "_PATIENCE", scaled(0.2))

    async def scenario() -> None:
        server = serving(path, results=results, write_deadline=scaled(0.2))
        async with server, RawClient(server.port, receive_buffer=1 << 12) as client:
            client.send()
            await until(lambda: results)

    run(scenario())
    assert [(result.outcome, result.failure) for result in results] == [("stopped reading", None)]


def test_a_client_may_send_what_it_must(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """More, and longer messages, than otherwise: it would have to wait for hours here, and none may be so long."""
    monkeypatch.setattr(connection, "MESSAGES_AT_ONCE", 10)
    monkeypatch.setattr(connection, "MESSAGES_PER_SECOND", 0.01)
    said = [f"message {number}" for number in range(2000)] + ["x" * (1 << 20)]
    path = record_dialogue(tmp_path / "a.jsonl", [*[f"> {one}" for one in said], "< done", closed("venue")], spacing=1)
    result, heard = outcome_of(path, *said)
    assert heard == (["done"], 1000, "")
    assert result.failure is None


def test_stopping_the_server_ends_a_conversation(tmp_path: Path) -> None:
    results: list[ClientResult] = []

    async def scenario() -> int | None:
        async with serving(record_dialogue(tmp_path / "a.jsonl", TALK), results=results) as server:
            client = await connect(server.url)
            await client.recv()
        await client.wait_closed()
        return client.protocol.close_code

    assert run(scenario()) == 1001
    assert [(result.outcome, result.failure) for result in results] == [("server stopped", None)]


def test_a_status_tells_how_far_a_dialogue_is(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with serving(record_dialogue(tmp_path / "a.jsonl", TALK)) as server, connect(server.url) as client:
            assert await client.recv() == "welcome"
            status = server.steering.status()
            assert (status.state, status.frames) == ("playing", 1)
            (one,) = status.clients
            assert (one.state, one.frames, one.size, one.present) == ("playing", 1, 7, status.present)

    run(scenario())
