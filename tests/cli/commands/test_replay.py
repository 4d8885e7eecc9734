"""`feedrec replay`, as a process, with a real client."""

from __future__ import annotations

import asyncio
import json
import re
import signal
import subprocess
from pathlib import Path

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from feedrec.formats import open_recording
from feedrec.model import NANOSECONDS, Frame

from ...timing import HANG_TIMEOUT
from ..client import PAIR, assert_paced, receive_all
from ..command import DEMO, background, feedrec, first_line, interrupt


def recorded() -> list[Frame]:
    """Give the data frames that the demo recording received."""
    with open_recording(DEMO) as recording:
        received = [record for record in recording if isinstance(record, Frame) and record.direction == "in"]
    return [frame for frame in received if is_data(frame.payload)]


def is_data(payload: bytes) -> bool:
    """Tell whether a frame is more than an answer to a subscription."""
    return not payload.startswith(b'{"channel":"subscriptions"')


def data(payloads: list[bytes]) -> list[bytes]:
    """Give the data frames, but for their numbers: acks are the server's own, and they have numbers too."""
    return [re.sub(rb'"sequence_num":\d+', b"", payload, count=1) for payload in payloads if is_data(payload)]


def test_the_url_is_the_first_line_and_every_frame_is_served() -> None:
    """A client gets all data byte for byte but for its number, then close code 1000; then the next one does."""
    expected = data([frame.payload for frame in recorded()])
    with background("replay", DEMO, "--port", 0, "--speed", "max") as process:
        url = first_line(process.stdout)
        assert url.startswith("ws://127.0.0.1:")
        for _ in range(2):
            payloads, _, code = receive_all(url)
            assert data(payloads) == expected
            assert code == 1000
        stopped, out, err = interrupt(process)
    assert stopped == 0, err.decode()
    assert out.decode().startswith("replayed to 2 clients (2 finished)")


def test_speed_divides_the_recorded_time() -> None:
    """At --speed 20 the recording takes a twentieth of its time, within one per cent and the lateness it tells."""
    frames = recorded()
    with background("replay", DEMO, "--port", 0, "--speed", 20, "--at-end", "exit", "--json") as process:
        payloads, seconds, _ = receive_all(first_line(process.stdout))
        out, err = process.communicate(timeout=HANG_TIMEOUT)
    assert data(payloads) == data([frame.payload for frame in frames])
    facts = json.loads(out)
    assert process.returncode == 0, err.decode()
    assert facts["clients"] == 1
    answers = 1  # the ack of heartbeats, which waits for no snapshot, is sent at once and is none of the recording's
    assert facts["frames"] == len(payloads) - answers
    assert_paced(facts, (frames[-1].time - frames[0].time) / NANOSECONDS, 20, seconds)
    assert facts["lateness_ns"]["p50"] <= facts["lateness_ns"]["p99"] <= facts["lateness_ns"]["max"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_with_a_client_connected(number: signal.Signals) -> None:
    """Ctrl-C and SIGTERM end the server amid the recording, with exit code 0, though a client is connected."""

    async def hold(url: str, process: subprocess.Popen[bytes]) -> tuple[int, bytes, bytes]:
        async with connect(url, max_size=None) as connection:
            await connection.send(json.dumps({"type": "subscribe", "channel": "level2", "product_ids": PAIR}))
            await connection.recv()
            return await asyncio.to_thread(interrupt, process, number)

    with background("replay", DEMO, "--port", 0) as process:
        code, out, err = asyncio.run(hold(first_line(process.stdout), process))
    assert code == 0, err.decode()
    assert "1 server stopped" in out.decode()


def test_no_client_at_all_is_said() -> None:
    """A server that nobody used says so."""
    with background("replay", DEMO, "--port", 0) as process:
        first_line(process.stdout)
        assert interrupt(process)[:2] == (0, b"replayed to no client\n")


def test_verbatim_changes_nothing() -> None:
    """With --mode verbatim every recorded frame goes to whoever says anything."""
    with open_recording(DEMO) as recording:
        expected = [one.payload for one in recording if isinstance(one, Frame) and one.direction == "in"]
    with background("replay", DEMO, "--port", 0, "--speed", "max", "--mode", "verbatim") as process:
        payloads, _, _ = receive_all(first_line(process.stdout))
    assert payloads == expected


def test_a_window_of_the_recording() -> None:
    """--from and --to cut a piece out; offsets count from the beginning of the recording."""
    window = ("--from", "+10s", "--to", "+11s")
    with background("replay", DEMO, "--port", 0, "--speed", "max", *window) as process:
        payloads, _, _ = receive_all(first_line(process.stdout), [("heartbeats", [])])
    assert [json.loads(payload)["channel"] for payload in payloads] == ["subscriptions", "heartbeats"]


def test_strict_fails_when_a_client_asks_in_vain() -> None:
    """One line names what is lacking; with --strict the exit code is 1."""
    options = ("--speed", "max", "--at-end", "exit")
    for strict, code in ((("--strict",), 1), ((), 0)):
        with background("replay", DEMO, "--port", 0, *options, *strict) as process:
            receive_all(first_line(process.stdout), [("level2", ["SOL-USD", "BTC-USD"])])
            _, err = process.communicate(timeout=HANG_TIMEOUT)
        assert "asks for level2 SOL-USD, which the recording lacks; it has BTC-USD, ETH-USD" in err.decode()
        assert process.returncode == code


def test_a_folder_is_replayed_as_one_recording(tmp_path: Path) -> None:
    """The parts of a split one, for example; but nothing is replayed twice."""
    folder = tmp_path / "parts"
    folder.mkdir()
    assert feedrec("convert", DEMO, "-o", folder / "x.jsonl.zst", "--split", "20kB").returncode == 0
    assert len(list(folder.iterdir())) > 2
    with background("replay", folder, "--port", 0, "--speed", "max", "--mode", "verbatim") as process:
        payloads, _, _ = receive_all(first_line(process.stdout))
    with open_recording(DEMO) as recording:
        assert payloads == [frame.payload for frames, _ in recording.frame_batches() for frame in frames]
    done = feedrec("replay", DEMO, DEMO, "--port", 0)
    assert done.returncode == 2
    assert b"same recording" in done.stderr


def test_pages_of_an_allowed_host_and_no_more_clients_than_allowed() -> None:
    async def statuses(url: str) -> list[int]:
        found = []
        async with connect(url, additional_headers={"Origin": "https://chart.example"}):
            for origin in ("https://evil.example", "https://chart.example"):
                with pytest.raises(InvalidStatus) as refusal:
                    await connect(url, additional_headers={"Origin": origin}).__aenter__()
                found.append(refusal.value.response.status_code)
        return found

    arguments = ("--port", 0, "--allow-host", "chart.example", "--max-clients", 1)
    with background("replay", DEMO, *arguments) as process:
        assert asyncio.run(statuses(first_line(process.stdout))) == [403, 503]


def test_a_host_to_allow_that_is_none_is_refused() -> None:
    refused = feedrec("replay", DEMO, "--allow-host", "http://chart.example")
    assert refused.returncode == 2
    assert b"is not the name of a host" in refused.stderr
