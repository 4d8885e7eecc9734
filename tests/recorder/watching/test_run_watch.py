"""A run as those see it who watch it: its figures, what is told of it at once, and whether it is ready."""

from __future__ import annotations

import pytest

from feedrec.errors import VenueError
from feedrec.feeds.raw import RawFeed
from feedrec.formats.file.growing.disk_standing import DiskStanding
from feedrec.recorder.watching.run_watch import RunFacts

from .watched import FEED, UPDATE, Watched


def facts(run: Watched) -> RunFacts:
    return run.watch.facts()


def texts(run: Watched) -> list[tuple[str, str]]:
    return [(one.kind, one.text) for one in run.told]


def test_frames_count_by_endpoint_and_channel() -> None:
    """After a failover to another endpoint, for that one."""
    run = Watched()
    run.open()
    run.receive()
    run.receive(channel="ticker")
    run.watch.remove_connection(0)
    run.receive()  # of no connection that is known
    frames, size, *_, lags = facts(run).channels["coinbase-advanced", "level2"]
    assert (frames, size) == (1, len(UPDATE))
    assert lags.index(1) == 11  # two seconds late: up to 2.5
    assert facts(run).channels["coinbase-advanced", "ticker"][0] == 1


def test_a_gap_of_one_frame_is_told_as_one() -> None:
    run = Watched()
    run.open()
    run.watch.event(0, "gap", {"expected": 5, "received": 6, "missing": 1})
    assert texts(run) == [("gap", "1 frame is missing")]


def test_a_gap_is_told_at_once_and_counts() -> None:
    run = Watched()
    run.open()
    run.watch.event(0, "gap", {"expected": 5, "received": 8, "missing": 3})
    run.watch.event(0, "reset", {"expected": 5, "received": 0})
    assert texts(run) == [("gap", "3 frames are missing")]
    assert run.told[0].details == {"expected": 5, "received": 8, "missing": 3, "conn": 0}
    assert facts(run).channels["coinbase-advanced", ""][2:5] == (1, 3, 1)


def test_a_feed_without_frames_for_as_long_as_its_channels_allow_is_stale() -> None:
    """Pongs do not help; and a frame is the end of it."""
    run = Watched(limit=20.0)
    run.open()
    run.receive()
    run.look_for(19)
    run.link.last_bytes = run.now
    assert (texts(run), run.watch.reasons) == ([], [])
    run.look_for(10)
    assert texts(run) == [("stale", "nothing has arrived for 20 s")]
    assert run.watch.reasons == ["nothing has arrived for 29 s"]
    for _ in range(60):
        run.receive()
        run.look_for(1)
    assert [one.details["over"] for one in run.told] == [False, True]


def test_a_person_says_how_long_is_too_long() -> None:
    run = Watched(stale_after=5.0, limit=None)
    run.open()
    run.look_for(5)
    assert texts(run) == [("stale", "nothing has arrived for 5 s")]


def test_where_frames_are_rare_it_is_the_connection_that_tells() -> None:
    """It answers pings for hours; then it is gone, and none takes its place."""
    run = Watched(limit=None)
    run.open()
    for _ in range(100):
        run.link.last_bytes = run.now
        run.look_for(10)
    assert (texts(run), run.watch.reasons) == ([], [])
    run.watch.remove_connection(0)
    run.look_for(49)
    assert (texts(run), run.watch.reasons) == ([], ["no connection is open"])
    run.look_for(11)
    assert texts(run) == [("stale", "nothing has arrived for 60 s")]


def test_a_connection_that_stays_away_is_told_of_though_data_comes_on_the_others() -> None:
    """One that takes the place of another, and is open before that one closes, is none too many."""
    run = Watched()
    run.links_wanted = 2
    run.open(0)

    def record(seconds: int) -> None:
        for _ in range(seconds):
            run.receive()
            run.look_for(1)

    record(59)
    assert texts(run) == []
    record(1)
    assert texts(run) == [("stale", "not all connections have been open for 60 s")]
    run.open(1)
    run.open(2)
    record(120)
    assert [one.details["over"] for one in run.told] == [False, True]


@pytest.mark.parametrize("state", ["idle", "finishing"])
def test_who_wants_nothing_is_not_stale(state: str) -> None:
    run = Watched()
    run.open()
    run.receive()
    run.state = state
    run.look_for(100)
    assert texts(run) == []
    run.state = "recording"
    run.look_for(19)
    assert texts(run) == []
    run.look_for(1)
    run.state = state
    run.look_for(100)
    assert texts(run) == [("stale", "nothing has arrived for 20 s")]  # and not that anything does again


def test_a_disk_that_takes_nothing_is_told_of_and_the_feed_is_not_ready() -> None:
    run = Watched()
    run.open()
    run.receive()
    run.disk = DiskStanding("No space left on device", 0)
    run.look_for(1)
    assert run.watch.reasons == ["the disk takes nothing: No space left on device"]
    run.disk = DiskStanding(free=10)
    run.look_for(1)
    assert run.watch.reasons == []
    run.receive()
    run.look_for(59)
    assert [one.details["over"] for one in run.told if one.kind == "disk"] == [False, True]


@pytest.mark.parametrize(
    ("error", "is_wanted", "told", "state"),
    [
        (None, True, [], "ended"),
        (None, False, [("ended", "the recording has ended")], "ended"),
        (VenueError("no such product"), True, [("ended", "the recording has ended: no such product")], "failed"),
    ],
)
def test_an_end_is_told_of_unless_a_person_wanted_it(
    error: VenueError | None, *, is_wanted: bool, told: list[tuple[str, str]], state: str
) -> None:
    run = Watched()
    run.open()
    run.watch.end(error, is_wanted=is_wanted)
    run.watch.end(VenueError("again"), is_wanted=False)
    run.look_for(100)
    assert texts(run) == told
    assert (facts(run).state, facts(run).open, facts(run).wanted) == (state, 0, 0)
    assert run.watch.reasons == [f"it has {state}"]


def test_a_feed_is_ready_once_its_connection_lives() -> None:
    run = Watched()
    assert run.watch.reasons == ["no connection is open"]
    run.open()
    assert run.watch.reasons == []
    assert facts(run).last_frame_age is None
    run.receive()
    run.now += 2
    assert facts(run).last_frame_age == 2


def test_a_feed_that_cannot_say_when_its_frames_were_sent_is_watched_all_the_same() -> None:
    """One that has no such method, and one whose method fails: that is logged once."""

    class Failing(RawFeed):
        name = "failing"

        def own_time(self, payload: bytes) -> int | None:
            raise RuntimeError(payload)

    run = Watched()
    run.open(feed=Failing())
    for _ in range(300):
        run.receive(channel="")
    assert facts(run).channels["failing", "other"][0] == 300
    assert sum(facts(run).channels["failing", "other"][-1]) == 0


def test_what_waits_for_a_step_is_shown() -> None:
    run = Watched()
    run.watch.add_steps(lambda: {"checkpoints": 3})
    assert facts(run).waiting() == {"checkpoints": 3}
    assert facts(run).endpoint == FEED.name
