"""`feedrec record --serve`, as a process, with processes that stand in for those that serve; and wrong uses."""

from __future__ import annotations

import functools
import json
import os
import signal
import socket
from pathlib import Path
from typing import Any

import httpx
import pytest

from feedrec.formats import open_recording

from ....recorder.serving.served import given, lines_given
from ....timing import HANG_TIMEOUT, wait_until
from ...command import DEMO, Output, background, feedrec, interrupt, mock_venue

ROOT = Path(__file__).parents[4]
FAKES = f"""
sys.path.append({str(ROOT)!r})
from feedrec.cli.recording.options import serve_options
serve_options._SERVING = "tests.recorder.serving.fake_process"
serve_options._STATES = "tests.recorder.serving.fake_states"
"""
RECORD = ("record", "-c", "level2", "-c", "ticker", "-o", "x.jsonl")
SERVED = ("--serve", "127.0.0.1:0", "--serve-set")


def pids(kept: Path, name: str) -> list[int]:
    return [one["pid"] for one in given(kept, name) if isinstance(one, dict)]


def was_started(kept: Path, name: str, times: int) -> bool:
    return len(pids(kept, name)) == times


def test_every_line_of_the_recording_is_given_to_both_processes(tmp_path: Path) -> None:
    """Frames, what was sent, and events, as they stand in the file; Ctrl-C ends both after the last of them."""
    kept = tmp_path / "k"
    asked = (*RECORD, *SERVED, f"kept={kept}", "--json")
    with (
        mock_venue(DEMO, "--loop", "--speed", 20) as url,
        background(*asked, "--url", url, cwd=tmp_path, before=FAKES) as recorder,
    ):
        wait_until(lambda: len(lines_given(kept)) > 500)
        code, out, err = interrupt(recorder)
    assert code == 0, err.decode()
    assert json.loads(out)["live"] == {"clients": 0, "cut": 0}
    assert "coinbase-advanced is served live at ws://127.0.0.1:4321/" in err.decode()
    written = (tmp_path / "x.jsonl").read_text().splitlines()
    assert lines_given(kept) == lines_given(kept, "states") == written[1:]
    for name in ("serving", "states"):
        (header,) = _headers(kept, name)
        assert json.loads(header)["subscriptions"] == json.loads(written[0])["subscriptions"]
        assert given(kept, name)[-1] == "end"


def _headers(kept: Path, name: str) -> list[Any]:
    return [one[3] for one in given(kept, name) if isinstance(one, list) and one[1] == "HEADER"]


def test_kills_of_the_processes_cost_the_recording_nothing(tmp_path: Path) -> None:
    """Each is killed again and again while frames come; the metrics tell."""
    kept = tmp_path / "k"
    asked = (*RECORD, *SERVED, f"kept={kept}", "--metrics", "127.0.0.1:0", "-v")
    with (
        mock_venue(DEMO, "--loop", "--speed", 20) as url,
        background(*asked, "--url", url, cwd=tmp_path, before=FAKES) as recorder,
    ):
        assert recorder.stderr is not None
        while b"metrics at " not in (line := recorder.stderr.readline()):
            assert line
        metrics = line.decode().split()[-1]
        for number in range(1, 3):
            for name in ("serving", "states"):
                wait_until(functools.partial(was_started, kept, name, number))
                os.kill(pids(kept, name)[-1], signal.SIGKILL)
        wait_until(lambda: len(pids(kept, "serving")) == len(pids(kept, "states")) == 3)
        served = len(lines_given(kept))
        wait_until(lambda: len(lines_given(kept)) > served + 100)
        text = httpx.get(metrics, timeout=HANG_TIMEOUT).text
        code, _, err = interrupt(recorder)
    assert code == 0, err.decode()
    for name in ("serving", "states"):
        assert f'feedrec_live_starts_total{{process="{name}"}} 3.0' in text
        assert f'feedrec_live_up{{process="{name}"}} 1.0' in text
    with open_recording(tmp_path / "x.jsonl") as recording:
        events = [record.name for record in recording if hasattr(record, "name")]
    assert "gap" not in events
    assert events.count("open") == 1


CONFIG = """
endpoint = "coinbase-advanced"
url = "%s"
[feeds.one]
channel = ["ticker"]
output = "one.jsonl"
"""


def test_feeds_of_a_configuration_are_served_together_also_when_it_changes(tmp_path: Path) -> None:
    """What is read again is served; what is as it was is recorded on. The processes are others, at the same place."""
    kept, config = tmp_path / "k", tmp_path / "r.toml"
    asked = ("record", "--config", config, *SERVED, f"kept={kept}")
    with mock_venue(DEMO, "--loop", "--speed", 20) as url:
        config.write_text(CONFIG % url)
        with background(*asked, cwd=tmp_path, before=FAKES, start_new_session=True) as recorder:
            wait_until(lambda: len(lines_given(kept)) > 100)
            config.write_text(CONFIG % url + '[feeds.two]\nchannel = ["level2"]\noutput = "two.jsonl"\n')
            recorder.send_signal(signal.SIGHUP)
            wait_until(lambda: {one[2] for one in given(kept) if isinstance(one, list)} == {0, 1})
            code, _, err = interrupt(recorder)
    assert code == 0, err.decode()
    first, second = [one for one in given(kept) if isinstance(one, dict)]
    assert [one.get("name") for one in first["feeds"]] == ["one"]
    assert [one.get("name") for one in second["feeds"]] == ["one", "two"]
    assert second["port"] == 4321
    assert "other feeds are served live from now on" in err.decode()
    assert "served live to 0 clients" not in err.decode()


def refused(*arguments: object, cwd: Path) -> str:
    """Run what cannot be; return the one line that says why."""
    done: Output = feedrec(*arguments, cwd=cwd)
    assert done.returncode != 0
    (line,) = done.stderr.decode().splitlines()
    assert list(cwd.iterdir()) == []
    return line


def test_an_address_that_is_taken_is_one_line_and_nothing_is_recorded(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        place = f"127.0.0.1:{taken.getsockname()[1]}"
        line = refused(*RECORD, "--url", "ws://127.0.0.1:1", "--serve", place, cwd=tmp_path)
    assert f"cannot listen on {place} (Address already in use): choose another address with --serve" in line


def test_a_process_that_cannot_serve_is_one_line_and_nothing_is_recorded(tmp_path: Path) -> None:
    folder = tmp_path / "f"
    folder.mkdir()
    asked = (
        *RECORD,
        "--url",
        "ws://127.0.0.1:1",
        *SERVED,
        f"kept={tmp_path}/k",
        "--serve-set",
        "fails=no such setting",
    )
    with background(*asked, cwd=folder, before=FAKES) as recorder:
        _, err = recorder.communicate(timeout=HANG_TIMEOUT)
    assert recorder.returncode == 1
    assert err.decode() == "feedrec: error: no such setting\n"
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--serve", "8765"], "'8765' is not an address with a port, such as 127.0.0.1:8765"),
        (["--serve", "127.0.0.1:99999"], "is not an address with a port"),
        (["--serve-subscribe"], "--serve-subscribe and --serve-set say how to --serve: add --serve, or leave them out"),
        (["--serve-set", "a=b"], "say how to --serve"),
        (["--serve-set", "a", "--serve", "127.0.0.1:0"], "'a' is not a setting"),
        (["--allow-host", "a"], "--allow-host says by which names --metrics and --serve are asked"),
        (["--allow-host", "a b", "--serve", "127.0.0.1:0"], "'a b'"),
    ],
)
def test_what_is_wrong_is_one_line(tmp_path: Path, arguments: list[str], reason: str) -> None:
    assert reason in refused("record", *arguments, cwd=tmp_path)


def test_it_is_said_that_a_private_feed_is_served_to_everyone(tmp_path: Path) -> None:
    """Before anything is connected to; and nothing is left of a run that has opened no connection."""
    folder = tmp_path / "f"
    folder.mkdir()
    channel = "market@crypto_latest_price?crypto_ids=1,1027"
    asked = ("record", "-e", "coinmarketcap", "-c", channel, "-o", "x.jsonl", "--url", "ws://127.0.0.1:1")
    key = {**os.environ, "CMC_PRO_API_KEY": "k"}
    with background(*asked, *SERVED, f"kept={tmp_path}/k", cwd=folder, before=FAKES, env=key) as recorder:
        _, err = recorder.communicate(timeout=HANG_TIMEOUT)
    assert "coinmarketcap is only for those with credentials at the venue; --serve gives it to everyone" in err.decode()
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("check", [[], ["--check"]])
def test_a_feed_of_which_no_answers_are_known_is_refused(tmp_path: Path, check: list[str]) -> None:
    asked = ("record", "-e", "raw", "--url", "ws://127.0.0.1:1", "--serve", "127.0.0.1:0", *check)
    assert "raw cannot be served live: feedrec does not know how its venue answers" in refused(*asked, cwd=tmp_path)


def test_the_plan_says_where(tmp_path: Path) -> None:
    asked = ("record", "-c", "ticker", "--serve", "[::1]:8765", "--serve-subscribe", "--check")
    said = feedrec(*asked, cwd=tmp_path).stdout.decode()
    assert "served live\n  on [::1]:8765, from a process beside the recorder" in said
    plan = json.loads(feedrec(*asked, "--json", cwd=tmp_path).stdout)
    assert plan["served"].endswith("and what clients ask for beyond it is subscribed")
