"""Several feeds in one process, as an operator runs them."""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
import re
import signal
import termios
from pathlib import Path
from typing import Any

import httpx
import pytest

from feedrec.cli.recording.config.config_file import ConfigFile
from feedrec.cli.recording.feed_options import FEED_OPTIONS, ProcessOptions
from feedrec.cli.recording.several import record_fleet
from feedrec.cli.recording.several.record_fleet import _Recording
from feedrec.errors import VenueError
from feedrec.feeds import Subscription, find_feed
from feedrec.feeds.connections.sharding import Shard, shares_of
from feedrec.formats import open_recording

from ....recorder.fleet.fake_runs import FakeRun, turns
from ....timing import wait_until
from ...command import DEMO, background, feedrec, interrupt, mock_venue, wait_for_frames
from ...listing_venue import listing_venue
from ...record_options import RECORD, usual_values
from ...test_terminal import terminal

LOOPING = ("--speed", 5, "--loop")


def without_terminal() -> None:
    """As a service manager starts it: no terminal, and SIGHUP as it is."""
    os.setsid()
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


def reasons(log: Path) -> dict[str, int]:
    """Return how many reasons there are for each feed not to be ready."""
    found = re.search(r"metrics at (\S+)/metrics", log.read_text())
    assert found is not None
    feeds = httpx.get(f"{found[1]}/readyz").json()["feeds"]
    return {name: len(why) for name, why in feeds.items()}


def test_a_reload_changes_one_feed_and_the_other_keeps_its_connection(tmp_path: Path) -> None:
    """One that cannot be reached is tried again all the while, and is what the exit code tells of at the end."""
    config = tmp_path / "r.toml"

    def write(product: str, more: str = "") -> None:
        config.write_text(
            f"""
            url = "{url}"
            [feeds.btc]
            output = "btc.jsonl"
            [feeds.eth]
            output = "eth.jsonl"
            rotate = "1h"
            product = "{product}"
            {more}
            [feeds.bad]
            url = "ws://127.0.0.1:9"
            """
        )

    with mock_venue(DEMO, *LOOPING) as url:
        write("BTC-USD")
        with (
            (tmp_path / "log").open("wb") as log,
            background(
                *("record", "--config", config, "--json", "--metrics", "127.0.0.1:0"),
                cwd=tmp_path,
                stderr=log,
                preexec_fn=without_terminal,
            ) as one,
        ):
            wait_for_frames(tmp_path / "btc.jsonl.part")
            wait_for_frames(tmp_path / "eth-0001.jsonl.part")
            write("ETH-USD", "rotte = 1")
            one.send_signal(signal.SIGHUP)
            wait_until(lambda: b"nothing is changed" in (tmp_path / "log").read_bytes())
            write("ETH-USD")
            one.send_signal(signal.SIGHUP)
            wait_for_frames(tmp_path / "eth-0002.jsonl.part")
            wait_until(lambda: reasons(tmp_path / "log") == {"btc": 0, "eth": 0, "bad": 1})
            code, out, _ = interrupt(one, signal.SIGTERM)
    text = (tmp_path / "log").read_text()
    assert "r.toml:9: feeds.eth.rotte: there is no such option; did you mean 'rotate'?; nothing is changed" in text
    assert "r.toml was read again: begun" not in text
    assert "r.toml was read again: changed eth; 2 kept" in text
    assert text.count("btc: connection 0 open to") == 1
    assert text.count("eth: connection 0 open to") == 2
    assert "bad: cannot connect to ws://127.0.0.1:9: connection refused" in text
    assert "trying again in" in text
    assert text.endswith("feedrec: error: 1 of 3 feeds failed: bad\n")
    assert code == 1
    facts = {one["feed"]: one for one in json.loads(out)["feeds"] if one["runs"] or one["error"]}
    assert facts["btc"]["runs"][0]["connections"] == 1
    assert facts["bad"]["failures"] > 0
    assert [path.name for path in sorted(tmp_path.glob("*.jsonl"))] == ["btc.jsonl", "eth-0001.jsonl", "eth-0002.jsonl"]
    with open_recording(tmp_path / "eth-0002.jsonl") as recording:
        assert recording.header.subscriptions[0] == {"channel": "level2", "products": ["ETH-USD"]}


def test_a_feed_that_was_given_up_keeps_no_other_change_from_being_made(tmp_path: Path) -> None:
    """Though its file is there by now; but what is changed must be able to begin."""
    config = tmp_path / "r.toml"
    config.write_text("[feeds.a]\noutput = 'a.jsonl'\n[feeds.b]\n")

    async def live() -> None:
        defaults = {name: value for name, value in usual_values().items() if name in FEED_OPTIONS}
        file = ConfigFile(config, RECORD, defaults)
        recording = _Recording(file, ProcessOptions())
        fleet = recording.fleet
        fleet._make = lambda plan: FakeRun(plan.name, [], VenueError("no") if plan.name == "a" else None)
        recording._apply(recording._plans)
        await turns()
        (tmp_path / "a.jsonl").touch()
        config.write_text("[feeds.a]\noutput = 'a.jsonl'\n[feeds.b]\nstrict = true\n")
        await recording._read_once()
        assert fleet.members["b"].plan.options.loss.strict
        config.write_text("[feeds.a]\noutput = 'a.jsonl'\nstrict = true\n[feeds.c]\n")
        await recording._read_once()
        assert list(fleet.members) == ["a", "b"]
        fleet.stop()
        await fleet.run()

    asyncio.run(live())


def test_all_end_when_each_has_ended_by_itself(tmp_path: Path) -> None:
    """Each at its own limit; without a signal, and with what counts as loss in one of them."""
    with mock_venue() as url:
        (tmp_path / "r.toml").write_text(
            f"""
            url = "{url}"
            max-frames = 5
            [feeds.a]
            [feeds.b]
            channel = "ticker"
            max-frames = 8
            [feeds.c]
            product = "NOPE-USD"
            strict = true
            """
        )
        done = feedrec("record", "--config", tmp_path / "r.toml", cwd=tmp_path)
    assert done.returncode == 3, done.stderr.decode()
    lines = done.stdout.decode().splitlines()
    assert [line.partition(" (")[0] for line in lines if ": recorded" in line] == [
        "a: recorded 5 frames",
        "b: recorded 8 frames",
        "c: recorded 5 frames",
    ]
    assert lines[-1].startswith("3 feeds: 18 frames (")


def test_with_a_terminal_there_is_a_line_for_each_feed_and_a_hangup_ends_the_recording(tmp_path: Path) -> None:
    """It is drawn again and again, no wider than the terminal; a hangup tells that the terminal is gone."""
    config = tmp_path / "r.toml"
    with mock_venue(DEMO, *LOOPING) as url, terminal() as (device, seen):
        feed = f"url = '{url}'\n"
        config.write_text(
            f"[feeds.a]\n{feed}output = 'a.jsonl'\n[feeds.long-name]\n{feed}[feeds.x]\nurl = 'ws://127.0.0.1:9'"
        )

        def take_terminal() -> None:
            os.setsid()
            fcntl.ioctl(device, termios.TIOCSCTTY, 0)
            signal.signal(signal.SIGHUP, signal.SIG_DFL)

        options: dict[str, Any] = {"stderr": device, "preexec_fn": take_terminal, "pass_fds": [device]}
        environment = {**os.environ, "TERM": "xterm", "COLUMNS": "80"}
        with background("record", "--config", config, cwd=tmp_path, env=environment, **options) as one:
            wait_for_frames(tmp_path / "a.jsonl.part")
            wait_until(lambda: b"trying again in" in seen and seen.count(b"long-name  recording") > 2)
            code, out, _ = interrupt(one, signal.SIGHUP)
    assert (code, b"a: recorded" in out, (tmp_path / "a.jsonl").exists()) == (1, True, True)
    drawn = [part.partition("\r\x1b[3A")[0] for part in seen.decode().split("\x1b[J") if "\x1b[3A" in part]
    first, *each = next(lines for lines in drawn if lines.startswith("2 of 3 recording ")).split("\r\n")
    assert " frames" in first
    assert [line[:11] for line in each] == ["a          ", "long-name  ", "x          "]
    assert all(len(line) < 80 for lines in drawn for line in lines.split("\r\n"))


def test_a_machine_without_anything_waits_for_its_share_and_goes_on_with_it_when_others_get_more(
    tmp_path: Path,
) -> None:
    """A product that comes is on one of three machines, and is nothing new to the others."""
    config = tmp_path / "r.toml"

    def write(*products: str) -> None:
        config.write_text(f"[feeds.a]\nurl = '{venue.url}'\nchannel = 'ticker'\noutput = './'\nproduct = {[*products]}")

    feed = find_feed("coinbase-advanced")
    shares = shares_of(feed, [Subscription("ticker", tuple("ABCDEFGH"))], Shard(1, 3))
    here, elsewhere = shares[1], shares[2]
    assert here is not None
    assert elsewhere is not None
    with listing_venue(*"ABCDEFGH") as venue, (tmp_path / "log").open("wb") as log:

        def logged(text: str) -> None:
            wait_until(lambda: text in (tmp_path / "log").read_text())

        write(elsewhere[0].products[0])
        command = ("record", "--config", config, "--shard", "2/3", "--json")
        with background(*command, cwd=tmp_path, stderr=log, preexec_fn=without_terminal) as one:
            logged("shard 2/3 has nothing of a")
            write(here[0].products[0], *elsewhere[0].products)
            one.send_signal(signal.SIGHUP)
            logged("was read again: begun a")
            logged("a: subscribed to ticker, heartbeats")
            write(*here[0].products[:2], elsewhere[0].products[0])
            one.send_signal(signal.SIGHUP)
            logged("was read again: changed a")
            write(*here[0].products[:2])
            one.send_signal(signal.SIGHUP)
            logged("was read again: 1 kept")
            code, out, _ = interrupt(one, signal.SIGTERM)
    assert code == 0, (tmp_path / "log").read_text()
    assert [one["feed"] for one in json.loads(out)["feeds"]] == ["a", "a"]
    assert (tmp_path / "log").read_text().count("has nothing of a") == 1


def test_a_machine_without_anything_ends_where_nobody_could_give_it_something(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a terminal, SIGHUP is the end."""
    monkeypatch.setattr(record_fleet, "has_controlling_terminal", lambda: True)
    (tmp_path / "r.toml").write_text("[feeds.a]\nproduct = 'A'\noutput = './'\nurl = 'ws://127.0.0.1:9'\n")
    defaults = {name: value for name, value in usual_values().items() if name in FEED_OPTIONS}
    ended = 0
    for number in range(1, 4):
        file = ConfigFile(tmp_path / "r.toml", RECORD, defaults, Shard(number, 3))
        if not file.read():
            recording = _Recording(file, ProcessOptions(shard=f"{number}/3"))
            asyncio.run(recording.run())
            ended += not recording.fleet.members
    assert ended == 2
