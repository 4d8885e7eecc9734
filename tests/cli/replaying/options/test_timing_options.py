"""How late frames may be, as a process with a real client."""

from __future__ import annotations

import json
import math
import re
import sys

import pytest

from feedrec.cli.replaying.options.timing_options import allowed_lateness
from feedrec.errors import UsageError

from ....timing import HANG_TIMEOUT
from ...client import receive_all
from ...command import DEMO, background, feedrec, first_line

FAST = ("--port", 0, "--speed", 50, "--at-end", "exit")
TICKER = [("ticker", ["BTC-USD"])]
LATE = (
    r"client 1: the ticker frame of BTC-USD at 20\d\d-\d\d-\d\dT[\d:.]+Z was [\d.]+ ms late, "
    r"and 0\.00 ms is allowed: exit code 1"
)


def test_a_frame_that_is_too_late_makes_it_fail_and_is_named() -> None:
    """No frame is handed over within a microsecond."""
    with background("replay", DEMO, *FAST, "--max-lateness", "0.001ms", "--json") as process:
        receive_all(first_line(process.stdout), TICKER)
        out, err = process.communicate(timeout=HANG_TIMEOUT)
    assert process.returncode == 1
    assert re.search(LATE, err.decode())
    facts = json.loads(out)
    assert facts["worst"]["client"] == 1
    assert facts["worst"]["lateness_ns"] == facts["lateness_ns"]["max"]
    assert (facts["worst"]["channel"], facts["worst"]["products"]) == ("ticker", ["BTC-USD"])
    assert facts["worst"]["time"] in err.decode()


def test_frames_that_are_not_too_late_are_no_fault() -> None:
    with background("replay", DEMO, *FAST, "--max-lateness", "1h", "--json") as process:
        receive_all(first_line(process.stdout), TICKER)
        process.communicate(timeout=HANG_TIMEOUT)
    assert process.returncode == 0


CLIENT = """
import json, os
from websockets.sync.client import connect
with connect(os.environ["FEEDREC_URL"]) as connection:
    connection.send(json.dumps({"type": "subscribe", "channel": "ticker", "product_ids": ["BTC-USD"]}))
    for number in range(5):
        connection.recv()
"""


TWO_CLIENTS = f"""
import threading
def client():
    {CLIENT.strip().replace(chr(10), chr(10) + "    ")}
clients = [threading.Thread(target=client) for _ in range(2)]
for one in clients: one.start()
for one in clients: one.join()
"""


def test_a_command_may_have_several_clients_that_begin_together() -> None:
    done = feedrec("replay", DEMO, *FAST, "--wait-for", "2", "--", sys.executable, "-c", TWO_CLIENTS)
    assert done.returncode == 0, done.stderr.decode()
    assert b"replayed to 2 clients" in done.stderr


def test_a_command_that_is_content_fails_with_the_replay() -> None:
    done = feedrec("replay", DEMO, *FAST, "--max-lateness", "0.001ms", "--", sys.executable, "-c", CLIENT)
    assert done.returncode == 1
    assert re.search(LATE, done.stderr.decode())


def test_where_frames_have_no_deadlines_none_is_late() -> None:
    assert allowed_lateness(None, math.inf) is None
    assert allowed_lateness(0.05, 2.0) == 50_000_000
    with pytest.raises(UsageError, match="leave out --max-lateness"):
        allowed_lateness(0.05, math.inf)
