"""`feedrec record --metrics`, as a process that is scraped; and what is wrong with its options."""

from __future__ import annotations

import re
from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families as parse

from ....timing import HANG_TIMEOUT, wait_until
from ...command import DEMO, background, feedrec, interrupt, mock_venue


def samples(text: str) -> dict[tuple[str, str], float]:
    """Return the sum of the samples by name and channel, which most have not."""
    found: dict[tuple[str, str], float] = {}
    for family in parse(text):
        for sample in family.samples:
            key = sample.name, sample.labels.get("channel", "")
            found[key] = found.get(key, 0.0) + sample.value
    return found


def test_a_recorder_is_scraped_while_it_records(tmp_path: Path) -> None:
    """It is ready while data comes and says so, counts by channel, and ends as ever."""
    asked = ["record", "-c", "level2", "-c", "ticker", "-o", "x.jsonl.zst", "--metrics", "127.0.0.1:0", "-v"]
    kinds = ("on-rotate", "alert")
    asked += ["--on-rotate", "true {path}", "--alert", "true {kind}"]
    with mock_venue(DEMO, "--loop", "--speed", 20) as url, background(*asked, "--url", url, cwd=tmp_path) as recorder:
        assert recorder.stderr is not None
        log = ""
        while not (found := re.search(r"metrics at (http://127\.0\.0\.1:\d+)/metrics", log)):
            log += (line := recorder.stderr.readline().decode())
            assert line, log
        with httpx.Client(base_url=found[1], timeout=HANG_TIMEOUT) as client:
            wait_until(lambda: client.get("/readyz").json() == {"ready": True, "feeds": {"coinbase-advanced": []}})
            wait_until(lambda: samples(client.get("/metrics").text).get(("feedrec_frames_total", "ticker"), 0) > 50)
            known = samples(text := client.get("/metrics").text)
            assert client.get("/healthz").status_code == 200
        code, out, _ = interrupt(recorder)
    assert code == 0
    assert out.startswith(b"recorded ")
    assert known["feedrec_frames_total", "level2"] > 100
    assert known["feedrec_frame_bytes_total", "level2"] > known["feedrec_frames_total", "level2"]
    assert known["feedrec_lag_seconds_bucket", "level2"] > 0
    assert known["feedrec_connections_open", ""] == known["feedrec_connections_wanted", ""] == 1
    assert known["feedrec_disk_free_bytes", ""] > 0
    assert known["feedrec_disk_refusing", ""] == known["feedrec_lost_frames_total", ""] == 0
    assert known["feedrec_finishers_waiting", ""] == 0
    assert all(f'feedrec_command_runs_total{{kind="{kind}",result="success"}} 0.0' in text for kind in kinds)
    assert known["process_cpu_seconds_total", ""] > 0


@pytest.mark.parametrize("check", [(), ("--check",)])
def test_without_the_package_one_line_says_how_to_get_it(tmp_path: Path, check: tuple[str, ...]) -> None:
    before = "sys.modules['prometheus_client'] = None"
    with background("record", "--metrics", "127.0.0.1:0", *check, before=before, cwd=tmp_path) as recorder:
        _, err = recorder.communicate(timeout=HANG_TIMEOUT)
    assert recorder.returncode == 2
    assert err.decode() == "feedrec: error: --metrics needs prometheus_client: pip install 'feedrec[metrics]'\n"
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("options", "code", "said"),
    [
        (("--metrics", "9464"), 2, "'9464' is not an address with a port, such as 127.0.0.1:9464"),
        (("--metrics", "127.0.0.1:99999"), 2, "is not an address with a port"),
        (("--metrics", "no.such.host.invalid:9464"), 1, "cannot listen on no.such.host.invalid:9464 ("),
        (("--allow-host", "recorder"), 2, "--allow-host says by which names --metrics and --serve are asked"),
        (("--metrics", "127.0.0.1:0", "--allow-host", "http://x"), 2, "is not the name of a host"),
        (("--metrics", "127.0.0.1:0", "--allow-host", "http://x", "--check"), 2, "is not the name of a host"),
    ],
)
def test_what_is_wrong_is_one_line_before_anything_is_done(
    tmp_path: Path, options: tuple[str, ...], code: int, said: str
) -> None:
    done = feedrec("record", "--url", "ws://127.0.0.1:1", *options, cwd=tmp_path)
    assert (done.returncode, done.stderr.count(b"\n")) == (code, 1)
    assert said in done.stderr.decode()
    assert not list(tmp_path.iterdir())
