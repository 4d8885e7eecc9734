"""Where a replay is, as JSON has it."""

from __future__ import annotations

import json
import math

from msgspec.structs import replace

from feedrec.model import NANOSECONDS, TIME_LIMIT, parse_time
from feedrec.replay.clock.lateness import LatenessSummary
from feedrec.replay.control.problems import as_json
from feedrec.replay.control.status_document import status_document
from feedrec.replay.steering.status import ClientStatus, Status

START = parse_time("2026-11-21T17:00:00Z")
NOBODY = Status(
    state="waiting",
    speed=1.0,
    start=START,
    end=START + 60 * NANOSECONDS,
    present=None,
    position=None,
    frames=0,
    lateness=None,
    clients=[],
)
CLIENT = ClientStatus(
    client=2,
    address="127.0.0.1:40112",
    endpoint="coinbase-advanced",
    subscribed={"ticker": ["BTC-USD"]},
    state="paused",
    speed=0.5,
    present=START + 12_500_000_000,
    frames=150,
    size=70_000,
    lateness=LatenessSummary(150, 40_400, 1_234_567, 2_000_000),
)


def test_before_anybody_came_there_is_no_present() -> None:
    assert status_document(NOBODY, START, ["coinbase-advanced"], rate=0.0) == {
        "state": "waiting",
        "speed": 1,
        "start": "2026-11-21T17:00:00.000000000Z",
        "end": "2026-11-21T17:01:00.000000000Z",
        "present": None,
        "offset_s": None,
        "duration_s": 60.0,
        "position": None,
        "frames": 0,
        "frames_per_second": 0.0,
        "lateness_ms": None,
        "faults": 0,
        "endpoints": ["coinbase-advanced"],
        "clients": [],
    }


def test_a_client_is_told_as_the_replay_is() -> None:
    lateness = LatenessSummary(150, 40_400, 1_234_567, 2_000_000)
    status = replace(
        NOBODY,
        state="playing",
        speed=math.inf,
        end=None,
        present=START,
        frames=200,
        lateness=lateness,
        clients=[CLIENT],
    )
    document = json.loads(as_json(status_document(status, START, ["a", "b"], rate=12.34, faults=3)))
    assert document["speed"] == "max"
    assert (document["end"], document["duration_s"], document["offset_s"]) == (None, None, 0.0)
    assert (document["frames_per_second"], document["faults"], document["endpoints"]) == (12.3, 3, ["a", "b"])
    assert document["lateness_ms"] == {"p50": 0.04, "p99": 1.235, "max": 2.0}
    assert document["clients"] == [
        {
            "client": 2,
            "address": "127.0.0.1:40112",
            "endpoint": "coinbase-advanced",
            "subscribed": {"ticker": ["BTC-USD"]},
            "state": "paused",
            "speed": 0.5,
            "present": "2026-11-21T17:00:12.500000000Z",
            "offset_s": 12.5,
            "frames": 150,
            "bytes": 70_000,
            "lateness_ms": {"p50": 0.04, "p99": 1.235, "max": 2.0},
        }
    ]


def test_a_present_far_behind_the_end_of_all_days_is_not_told() -> None:
    """As at a speed of 1e300: it fails nobody."""
    status = replace(NOBODY, present=TIME_LIMIT, speed=1e300)
    document = status_document(status, START, [], rate=0.0)
    assert document["present"] is None
    assert json.loads(as_json(document))["speed"] == 1e300
