"""What `make soak` has around its recorders, where a machine is late: a supervisor, a venue, a look at the metrics."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from websockets.asyncio.client import connect

from soak.fickle_feed import numbered_in
from soak.fickle_venue import Venue, Whims
from soak.ledger import Ledger, digest_of
from soak.noting_recorder import has_received, make_notes, times_in
from soak.recorders import is_in_use
from soak.scrapes import Scrapes

from .timing import HANG_TIMEOUT

SUBSCRIBE = '{"type":"subscribe","channel":"level2","product_ids":["BTC-USD"]}'


def test_notes_that_are_just_being_made_are_no_sign_of_a_frame(tmp_path: Path) -> None:
    """Else a recorder would be stopped before it has begun."""
    notes = tmp_path / "notes"
    notes.touch()
    assert not has_received(notes)
    make_notes(notes, 2)
    assert not has_received(notes)
    with notes.open("r+b") as file:
        file.write((7).to_bytes(8, sys.byteorder))
    assert has_received(notes)
    assert times_in(notes) == [7]


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="only Linux tells")
def test_a_run_is_over_when_its_last_process_is(tmp_path: Path) -> None:
    """Also where that has a session of its own, and its parent is gone."""
    mark = f"SOAK_RUN={tmp_path}"
    assert not is_in_use(mark)
    command = [sys.executable, "-c", "import sys; print(flush=True); sys.stdin.read()"]
    environment = {**os.environ, "SOAK_RUN": str(tmp_path)}
    with subprocess.Popen(
        command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        assert is_in_use(mark)
        assert not is_in_use(mark[:-1])
    assert not is_in_use(mark)


def test_what_a_client_has_of_the_venue_is_in_the_ledger(tmp_path: Path) -> None:
    """Each frame, from the first on, when it arrives; the venue need not come to anything more."""

    async def receive() -> None:
        venue = Venue(tmp_path, Whims(rate=1000, snapshot=1000))
        async with asyncio.timeout(HANG_TIMEOUT), await asyncio.start_server(venue.handle, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            async with connect(f"ws://127.0.0.1:{port}/x.1", compression=None, max_queue=1000) as client:
                await client.send(SUBSCRIBE)
                for expected in range(30):
                    payload = str(await client.recv()).encode()
                    name, number = numbered_in(payload)
                    assert (name, number) == ("x.1-0001", expected)
                    assert Ledger.read(tmp_path / name).digests[number] == digest_of(payload)

    asyncio.run(receive())


class Metrics(BaseHTTPRequestHandler):
    """Serves figures."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b'feedrec_frames_total{feed="x"} 5\nfeedrec_frames_total{feed="y"} 2\n')

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def metrics() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), Metrics) as server:
        serving = threading.Thread(target=server.serve_forever, args=(0.01,))
        serving.start()
        yield f"http://127.0.0.1:{server.server_port}/metrics"
        server.shutdown()
        serving.join()


def test_metrics_are_asked_for_where_the_recorder_says_that_they_are(tmp_path: Path, metrics: str) -> None:
    """Before it says so, there are none, and that is no failure; where it began anew, they are elsewhere."""
    log = tmp_path / "x.log"
    scrapes = Scrapes(log)
    scrapes.take()
    log.write_text("recording\n")
    scrapes.take()
    assert (scrapes.answered, scrapes.failed) == (0, 0)
    log.write_text(f"metrics at http://127.0.0.1:1/metrics\n2026-11-26T20:30:54Z metrics at {metrics}\nopened\n")
    scrapes.take()
    assert (scrapes.answered, scrapes.failed, scrapes.frames, scrapes.went_back) == (1, 0, 7, 0)
    log.write_text("metrics at http://127.0.0.1:1/metrics\n")
    scrapes.take()
    assert (scrapes.answered, scrapes.failed) == (1, 1)
