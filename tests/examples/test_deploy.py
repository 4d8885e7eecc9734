"""What runs a recorder for months is taken by those whom it is for: systemd, Prometheus, Grafana, compose."""

from __future__ import annotations

import contextlib
import json
import re
import shlex
import shutil
import socket
import subprocess
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from feedrec.recorder.watching.exposition import METRICS

from ..cli.command import DEMO, background, feedrec, mock_venue
from ..timing import HANG_TIMEOUT, wait_until
from .composite_action import ROOT
from .linting import lint

DEPLOY = ROOT / "deploy"
UNIT = DEPLOY / "systemd" / "feedrec.service"
RULES = DEPLOY / "prometheus" / "feedrec.rules.yml"
PAGE = (ROOT / "docs" / "operating.md").read_text()
DASHBOARD = json.loads((DEPLOY / "grafana" / "feedrec.json").read_text())
QUERIES = [target["expr"] for panel in DASHBOARD["panels"] for target in panel["targets"]]
PROGRAMS = ROOT / ".venv-examples" / "prometheus" / "usr" / "bin"
"""Where the Makefile unpacks Debian's package."""


def run(*arguments: object, cwd: Path | None = None) -> str:
    done = subprocess.run(
        list(map(str, arguments)), cwd=cwd, capture_output=True, timeout=HANG_TIMEOUT, check=False, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed")
def test_the_unit_leaves_little_to_an_attacker() -> None:
    """The exposure that systemd finds is below 3 of 10."""
    run("systemd-analyze", "security", "--offline=true", "--threshold=29", UNIT)


def test_the_unit_lets_the_recorder_do_what_it_does() -> None:
    lines = dict(line.split("=", 1) for line in UNIT.read_text().splitlines() if re.match(r"\w+=", line))
    assert lines["Type"] == "notify"
    assert int(lines["WatchdogSec"]) >= 30
    assert lines["ExecReload"] == "/bin/kill -HUP $MAINPID"
    assert lines["RestartPreventExitStatus"] == "2"


def test_the_unit_starts_what_its_configuration_says() -> None:
    """With the options of the unit, and the file that is installed."""
    line = next(line for line in UNIT.read_text().splitlines() if line.startswith("ExecStart="))
    _, command, *arguments = shlex.split(line.removeprefix("ExecStart="))
    arguments[arguments.index("--config") + 1] = str(DEPLOY / "recorder.toml")
    done = feedrec(command, *arguments, "--check", "--json")
    assert done.returncode == 0, done.stderr.decode()
    assert {"books", "trades"} <= {feed["feed"] for feed in json.loads(done.stdout)["feeds"]}


def test_the_page_for_operators_shows_a_configuration_that_holds(tmp_path: Path) -> None:
    (text,) = re.findall(r"^```toml recorder\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    (tmp_path / "recorder.toml").write_text(text)
    done = feedrec("record", "--config", tmp_path / "recorder.toml", "--check")
    assert done.returncode == 0, done.stderr.decode()


def test_the_page_for_operators_says_what_to_do_on_each_alert() -> None:
    assert set(re.findall(r"- alert: (\w+)", RULES.read_text())) == set(re.findall(r"\bFeedrec[A-Z]\w+", PAGE))


def test_the_alerts_are_rules_and_come_when_they_should() -> None:
    run(PROGRAMS / "promtool", "check", "rules", RULES)
    run(PROGRAMS / "promtool", "test", "rules", RULES.with_suffix(".test.yml"))
    run(PROGRAMS / "promtool", "check", "config", RULES.with_name("prometheus.yml"))


@pytest.mark.parametrize("text", [RULES.read_text(), *QUERIES], ids=str)
def test_what_is_asked_for_is_exported(text: str) -> None:
    names = {re.sub(r"_bucket$", "", name) for name in re.findall(r"\bfeedrec_\w+", text)}
    assert names <= set(METRICS)


def test_compose_takes_its_file() -> None:
    lint("check-jsonschema", "--builtin-schema", "vendor.compose-spec", DEPLOY / "compose.yaml")


def test_panels_of_the_dashboard_do_not_overlap() -> None:
    cells = [
        (x, y)
        for panel in DASHBOARD["panels"]
        for x in range(panel["gridPos"]["x"], panel["gridPos"]["x"] + panel["gridPos"]["w"])
        for y in range(panel["gridPos"]["y"], panel["gridPos"]["y"] + panel["gridPos"]["h"])
    ]
    assert len(cells) == len(set(cells))
    assert max(x for x, _ in cells) < 24
    assert len({panel["id"] for panel in DASHBOARD["panels"]}) == len(DASHBOARD["panels"])


@pytest.fixture(scope="module")
def prometheus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Scrape a recorder that records, and give the address of the Prometheus that does it."""
    folder = tmp_path_factory.mktemp("prometheus")
    port, own = free_port(), free_port()
    (folder / "feedrec.rules.yml").write_text(RULES.read_text())
    config = RULES.with_name("prometheus.yml").read_text()
    (folder / "prometheus.yml").write_text(config.replace("15s", "1s").replace("9464", str(port)))
    recorder = ["-c", "level2", "-o", folder / "{channel}-{time}.jsonl.zst", "--metrics", f"127.0.0.1:{port}"]
    server = [PROGRAMS / "prometheus", "--config.file=prometheus.yml", f"--web.listen-address=127.0.0.1:{own}"]
    with contextlib.ExitStack() as stack:
        url = stack.enter_context(mock_venue(DEMO, "--speed", 1))
        stack.enter_context(background("record", "--url", url, "--alert", "true", "--on-rotate", "true", *recorder))
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen(list(map(str, server)), cwd=folder, stdout=log, stderr=log)
            try:
                yield f"http://127.0.0.1:{own}"
            finally:
                process.kill()
                process.wait(HANG_TIMEOUT)


def ask(prometheus: str, path: str, **parameters: str) -> Any:
    query = urllib.parse.urlencode(parameters)
    with urllib.request.urlopen(f"{prometheus}/api/v1/{path}?{query}", timeout=HANG_TIMEOUT) as answer:
        return json.load(answer)["data"]


def results_of(prometheus: str, query: str) -> list[Any]:
    """Return what a query gives, with Grafana's variables replaced; nothing while there is no Prometheus."""
    for variable, value in (("$feed", ".*"), ("$__rate_interval", "10s"), ("[24h]", "[10s]"), ("[1h]", "[10s]")):
        query = query.replace(variable, value)
    with contextlib.suppress(ConnectionError, urllib.error.URLError):
        found: list[Any] = ask(prometheus, "query", query=query)["result"]
        return found
    return []


@pytest.mark.parametrize("query", QUERIES)
def test_each_query_of_the_dashboard_has_an_answer(query: str, prometheus: str) -> None:
    wait_until(lambda: results_of(prometheus, query))


def test_a_recorder_that_is_well_alerts_nobody_of_it(prometheus: str) -> None:
    wait_until(lambda: results_of(prometheus, "feedrec_ready == 1"))
    assert ask(prometheus, "rules")["groups"][0]["rules"]
    names = {alert["labels"]["alertname"] for alert in ask(prometheus, "alerts")["alerts"]}
    # Those are of the machine, and of a recorded market whose times are long past.
    assert names <= {"FeedrecClockNotKept", "FeedrecDiskNearlyFull", "FeedrecLate"}
