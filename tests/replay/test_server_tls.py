"""The replay server over TLS, with real sockets: the same frames, limits and ends as without."""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
import math
import os
import shutil
import ssl
import subprocess
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import connect
from websockets.typing import Subprotocol

from feedrec.errors import UsageError
from feedrec.replay import ClientResult, ReplayOptions, ReplayServer, TlsFiles
from feedrec.replay.tls.certificate_folder import LocalAuthority, prepare_certificates
from feedrec.replay.tls.tls_context import open_tls

from ..timing import HANG_TIMEOUT, scaled, until
from .dialogues import record_dialogue
from .raw_client import CLOSE_1000, RawClient, as_messages, replayed_to_raw_client, run
from .recordings import frames_of, numbered, record

LARGE = frames_of([b'{"n":%d,"x":"%s"}' % (n, b"x" * 60_000) for n in range(400)])
VENUE = "venue.example"


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory) -> LocalAuthority:
    """Give an authority and its certificate."""
    return prepare_certificates(tmp_path_factory.mktemp("tls"), [VENUE], dt.datetime.now(dt.UTC))


@pytest.fixture
def client(local: LocalAuthority) -> ssl.SSLContext:
    """Give the context of a client that trusts it."""
    return ssl.create_default_context(cafile=local.authority)


def options(tls: TlsFiles | ssl.SSLContext, **changes: Any) -> ReplayOptions:
    return ReplayOptions(**{"port": 0, "speed": math.inf, "tls": tls, **changes})


@pytest.mark.parametrize("at_once", [True, False], ids=["files", "context"])
def test_every_frame_arrives_and_the_connection_is_closed_as_a_venue_does(
    tmp_path: Path, local: LocalAuthority, client: ssl.SSLContext, *, at_once: bool
) -> None:
    """Among them a snapshot of 5 MB; the server is told of its certificate by files, or by a context."""
    frames = [*numbered(1000), *frames_of([b'{"snapshot":"%s"}' % (b"x" * 5_000_000)]), *numbered(1000)]
    tls = local.server if at_once else open_tls(local.server).context

    async def scenario() -> None:
        async with ReplayServer(record(tmp_path / "a.jsonl.zst", frames), options(tls, at_end="exit")) as server:
            assert server.url == f"wss://127.0.0.1:{server.port}"
            assert await replayed_to_raw_client(server.port, client) == [*as_messages(frames), CLOSE_1000]
            await server.wait_finished()

    run(scenario())


def test_a_dialogue_and_its_subprotocol(tmp_path: Path, local: LocalAuthority, client: ssl.SSLContext) -> None:
    path = record_dialogue(tmp_path / "a.jsonl", ["> a", "< A"], subprotocol="chat")

    async def scenario() -> tuple[str | bytes, str | None]:
        async with (
            ReplayServer(path, options(local.server, mode="dialogue")) as server,
            connect(server.url, ssl=client, subprotocols=[Subprotocol("chat")]) as websocket,
        ):
            await websocket.send("a")
            return await websocket.recv(), websocket.subprotocol

    assert run(scenario()) == ("A", "chat")


def test_a_client_that_stops_reading_is_given_up_and_one_that_pauses_misses_nothing(
    tmp_path: Path, local: LocalAuthority, client: ssl.SSLContext
) -> None:
    results: list[ClientResult] = []
    choices = options(local.server, write_deadline=scaled(1.0))

    async def scenario() -> None:
        path = record(tmp_path / "a.jsonl.zst", LARGE)
        async with (
            ReplayServer(path, choices, on_client_end=results.append) as server,
            RawClient(server.port, receive_buffer=4096, tls=client) as stuck,
            RawClient(server.port, receive_buffer=4096, tls=client) as pausing,
        ):
            stuck.send()
            pausing.send()
            received: list[tuple[int, bytes]] = []
            while not received or received[-1][0] != CLOSE_1000[0]:
                received.append(await pausing.receive())
                if len(received) % 100 == 1:
                    await asyncio.sleep(scaled(0.1))
            assert received == [*as_messages(LARGE), CLOSE_1000]
            await until(lambda: len(results) == 1)
        assert results[0].outcome == "stopped reading"

    run(scenario())


def test_the_hosts_of_the_certificate_are_names_of_this_server(
    tmp_path: Path, local: LocalAuthority, client: ssl.SSLContext
) -> None:
    """A client with a hard-coded address, sent here by a hosts file, may give its page as Origin, as some do."""

    async def scenario() -> None:
        frames = numbered(3)
        async with ReplayServer(record(tmp_path / "a.jsonl.zst", frames), options(local.server)) as server:
            uri = f"wss://{VENUE}:{server.port}"
            async with connect(uri, ssl=client, host="127.0.0.1", origin=f"https://{VENUE}:{server.port}") as venue:  # type: ignore[arg-type]
                await venue.send("{}")
                assert len([message async for message in venue]) == len(frames)

    run(scenario())


def test_the_url_names_a_host_that_the_certificate_is_for(
    tmp_path: Path, local: LocalAuthority, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """If it is for localhost and not for 127.0.0.1; if it is for neither, a warning says what it is for."""
    path, context = record(tmp_path / "a.jsonl.zst", numbered(3)), open_tls(local.server)

    async def url_with(*names: str) -> str:
        monkeypatch.setattr("feedrec.replay.server.open_tls", lambda _: context._replace(names=frozenset(names)))
        async with ReplayServer(path, options(local.server)) as server:
            return server.url.rpartition(":")[0]

    assert run(url_with("localhost", VENUE)) == "wss://localhost"
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]
    assert run(url_with(VENUE)) == "wss://127.0.0.1"
    assert (
        f"the certificate is not for 127.0.0.1: clients must connect to a name that it is for ({VENUE})" in caplog.text
    )


def test_who_can_reach_it_is_warned_of_with_its_scheme(
    tmp_path: Path, local: LocalAuthority, caplog: pytest.LogCaptureFixture
) -> None:
    async def scenario() -> None:
        path = record(tmp_path / "a.jsonl.zst", numbered(3))
        async with ReplayServer(path, options(local.server, host="0.0.0.0")):
            pass

    with caplog.at_level(logging.WARNING):
        run(scenario())
    assert "anyone who reaches it can read the recording" in caplog.text
    assert "ws://" not in caplog.text.replace("wss://", "")


def test_a_certificate_that_cannot_be_used_is_one_line(tmp_path: Path) -> None:
    async def scenario() -> None:
        path = record(tmp_path / "a.jsonl.zst", numbered(3))
        async with ReplayServer(path, options(TlsFiles(path))):
            pass

    with pytest.raises(UsageError, match=r"a\.jsonl\.zst: not a certificate"):
        run(scenario())


NODE = """
require("https").get(process.env.URL, answer => console.log(answer.statusCode))
    .on("error", error => console.log(error.code));
"""


@pytest.mark.parametrize(
    ("command", "variable"),
    [
        (["curl", "-sS", "-o", os.devnull, "-w", "%{http_code}", "{url}"], "CURL_CA_BUNDLE"),
        (["node", "-e", NODE], "NODE_EXTRA_CA_CERTS"),
    ],
)
def test_other_clients_trust_it_by_their_variable_alone(
    tmp_path: Path, local: LocalAuthority, command: list[str], variable: str
) -> None:
    """They get the answer of a WebSocket server to a plain request; and none without the variable."""
    if shutil.which(command[0]) is None:
        pytest.skip(f"there is no {command[0]}")
    found = local.client_variables({})
    clean = {name: value for name, value in os.environ.items() if name not in found}

    async def scenario() -> None:
        async with ReplayServer(record(tmp_path / "a.jsonl.zst", numbered(3)), options(local.server)) as server:
            url = f"https://localhost:{server.port}"
            for trusting in (True, False):
                environment = clean | {"URL": url} | ({variable: found[variable]} if trusting else {})
                done = await asyncio.to_thread(
                    subprocess.run,
                    [part.replace("{url}", url) for part in command],
                    env=environment,
                    capture_output=True,
                    text=True,
                    timeout=HANG_TIMEOUT,
                    check=False,
                )
                assert ("426" in done.stdout) == trusting, done.stderr

    run(scenario())
