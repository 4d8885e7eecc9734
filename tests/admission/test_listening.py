"""What it means for others where a server listens."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from feedrec.admission import listening
from feedrec.admission.listening import exposure, local_url
from feedrec.replay import ReplayOptions, ReplayServer

from ..replay.raw_client import run
from ..replay.recordings import numbered, record


@pytest.mark.parametrize(
    ("address", "url"),
    [
        (("127.0.0.1", 1), "ws://127.0.0.1:1"),
        (("0.0.0.0", 1), "ws://127.0.0.1:1"),
        (("::", 1, 0, 0), "ws://[::1]:1"),
        (("192.168.1.5", 1), "ws://192.168.1.5:1"),
    ],
)
def test_where_a_client_on_this_machine_connects_to(address: tuple[object, ...], url: str) -> None:
    assert local_url(address) == url


def test_nobody_else_reads_what_listens_on_this_machine_alone() -> None:
    assert exposure([("127.0.0.1", 8765), ("::1", 8765, 0, 0)]) is None


@pytest.mark.parametrize(
    ("addresses", "text"),
    [
        ([("192.168.1.5", 8765)], "listening on 192.168.1.5:8765: anyone who"),
        ([("127.0.0.1", 1), ("fd00::1", 1, 0, 0)], "listening on [fd00::1]:1: anyone who"),
        ([("0.0.0.0", 1)], "listening on 0.0.0.0:1, every address of this machine (ws://10.0.0.5:1): anyone who"),
        ([("::", 1, 0, 0)], "listening on [::]:1, every address of this machine (ws://[fd00::5]:1): anyone who"),
    ],
)
def test_others_can_read_what_listens_beyond_it(
    addresses: list[tuple[object, ...]], text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listening, "_own_addresses", lambda: ["10.0.0.5", "fd00::5"])
    warning = exposure(addresses)
    assert warning is not None
    assert warning.startswith(text)
    assert warning.endswith("anyone who reaches it can read the recording")


@pytest.mark.parametrize(("host", "lines"), [("127.0.0.1", 0), ("0.0.0.0", 1)])
def test_a_server_that_others_reach_warns_in_one_line(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, host: str, lines: int
) -> None:
    async def scenario() -> None:
        async with ReplayServer(record(tmp_path / "a.jsonl.zst", numbered(1)), ReplayOptions(host=host, port=0)):
            pass

    with caplog.at_level(logging.WARNING):
        run(scenario())
    assert ["listening on 0.0.0.0:" in line for line in caplog.messages] == [True] * lines
