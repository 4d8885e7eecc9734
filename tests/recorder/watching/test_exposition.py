"""What a scrape gets: every metric with its labels, escaped, in the form that was asked for."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse

from feedrec.formats.line.subscribed import SubscribedFacts
from feedrec.recorder.output.counting_writer import Counts
from feedrec.recorder.session.summary import RunState
from feedrec.recorder.watching.clock_quality import ClockQuality
from feedrec.recorder.watching.clock_watch import ClockFacts
from feedrec.recorder.watching.exposition import METRICS, STATES, Exposition
from feedrec.recorder.watching.incidents import Incidents
from feedrec.recorder.watching.lag import BOUNDS
from feedrec.recorder.watching.live_facts import LiveFacts, ProcessStanding
from feedrec.recorder.watching.process_watch import CommandFacts, ProcessFacts, ProcessWatch, Readiness
from feedrec.recorder.watching.shipping_facts import ShippingFacts

from .watched import Watched

GOOD = ClockQuality(True, -1_500_000, 2_000_000, 30_000)


def facts(*, names: tuple[str, ...] = ("main",), quality: ClockQuality | None = GOOD) -> ProcessFacts:
    """Return what is known of feeds, in each of which something has happened."""
    runs = []
    for name in names:
        run = Watched()
        run.counts = Counts(connections=3, out_of_order=2)
        run.watch.feed = name
        run.open()
        run.receive()
        run.watch.event(0, "gap", {"missing": 3})
        run.watch.event(0, "resync", {"channel": "level2", "product": "BTC-USD", "reason": "gap", "messages": 1})
        asked: list[dict[str, object]] = [
            {"channel": "level2", "products": ["BTC-USD", "X-USD"]},
            {"channel": "status"},
        ]
        run.subscribed = SubscribedFacts(asked, [asked[1]], [{"channel": "level2", "products": ["X-USD"]}])
        run.watch.add_steps(lambda: {"parquet": 2}, lambda: ShippingFacts("s3://b", 3, 100, 0, 5, 200, 7, ["x"]))
        runs.append(run.watch.facts())
    readiness = Readiness(True, {name: [] for name in names})
    live = LiveFacts(
        {"serving": ProcessStanding(True, 2, 30), "states": ProcessStanding(False, 1, 0)}, 9, 3, 5, 1, 7, 4
    )
    return ProcessFacts(runs, readiness, ClockFacts(1, quality), {"alert": CommandFacts(5, 4, 3, 2)}, live)


def samples(text: str) -> dict[tuple[str, ...], float]:
    """Return the samples by name and labels in the order of their names; the parser fails if one is there twice."""
    found: dict[tuple[str, ...], float] = {}
    for family in parse(text):
        for sample in family.samples:
            key = (sample.name, *(value for _, value in sorted(sample.labels.items())))
            assert key not in found
            found[key] = sample.value
    return found


def test_every_metric_is_written_and_no_other() -> None:
    """With exactly the labels that are documented for it."""
    text = Exposition().write(facts()).body.decode()
    found = {
        (family.name + "_total" * (family.type == "counter"), family.type, tuple(sorted(set(sample.labels) - {"le"})))
        for family in parse(text)
        for sample in family.samples
        if family.name.startswith("feedrec_")
    }
    assert found == {(name, spec.kind, tuple(sorted(spec.labels))) for name, spec in METRICS.items()}


def test_how_serving_live_stands() -> None:
    text = Exposition().write(facts()).body.decode()
    found = {key: value for key, value in samples(text).items() if key[0].startswith("feedrec_live_")}
    assert found == {
        ("feedrec_live_up", "serving"): 1,
        ("feedrec_live_up", "states"): 0,
        ("feedrec_live_starts_total", "serving"): 2,
        ("feedrec_live_starts_total", "states"): 1,
        ("feedrec_live_waiting_bytes", "serving"): 30,
        ("feedrec_live_waiting_bytes", "states"): 0,
        ("feedrec_live_bytes_total",): 9,
        ("feedrec_live_clients_connected",): 3,
        ("feedrec_live_clients_total",): 5,
        ("feedrec_live_clients_cut_total",): 1,
        ("feedrec_live_wishes_total", "granted"): 7,
        ("feedrec_live_wishes_total", "refused"): 4,
    }


def test_how_shipping_stands() -> None:
    """The age of the oldest is told by the wall clock: it was finished in 1970."""
    found = {
        key[0].removeprefix("feedrec_ship_"): value
        for key, value in samples(Exposition().write(facts()).body.decode()).items()
        if key[0].startswith("feedrec_ship_")
    }
    assert found.pop("oldest_seconds") > 1e9
    assert found == {
        "files_waiting": 3,
        "bytes_waiting": 100,
        "files_total": 5,
        "bytes_total": 200,
        "failures_total": 7,
        "files_failed": 1,
    }


def test_the_documentation_lists_them() -> None:
    """With kind, labels and meaning, in their order."""
    page = (Path(__file__).parents[3] / "docs" / "watching.md").read_text()
    rows = re.findall(r"^\| `(feedrec_\w+)` \| (\w+) \| (.*?) ?\| (.*) \|$", page, re.MULTILINE)
    assert rows == [
        (name, spec.kind, ", ".join(f"`{one}`" for one in spec.labels), spec.text.rstrip("."))
        for name, spec in METRICS.items()
    ]


def test_the_values_are_those_of_the_run() -> None:
    found, feed = samples(Exposition().write(facts()).body.decode()), ("coinbase-advanced", "main")
    assert found["feedrec_frames_total", "level2", *feed] == 1
    assert found["feedrec_missing_frames_total", "", *feed] == 3
    assert found["feedrec_resyncs_total", "level2", *feed] == 1
    assert found["feedrec_subscriptions_missing", "level2", *feed] == 1
    assert found["feedrec_subscriptions_missing", "status", *feed] == 0
    assert found["feedrec_reconnects_total", *feed] == 2
    assert found["feedrec_finishers_waiting", *feed, "parquet"] == 2
    assert found["feedrec_run_state", *feed, "recording"] == 1
    assert sum(value for (name, *_), value in found.items() if name == "feedrec_run_state") == 1
    assert found["feedrec_command_runs_total", "alert", "dropped"] == 3
    assert found["feedrec_clock_offset_seconds",] == -0.0015
    assert found["feedrec_disk_free_bytes", *feed] == 5000
    assert found["feedrec_ready", *feed] == 1


def test_the_buckets_of_a_lag_add_up() -> None:
    """There is no sum: it could go back where lags are below zero."""
    text = Exposition().write(facts()).body.decode()
    (family,) = (one for one in parse(text) if one.name == "feedrec_lag_seconds")
    values = {sample.labels["le"]: sample.value for sample in family.samples if sample.labels["channel"] == "level2"}
    assert list(values) == [*map(str, BOUNDS), "+Inf"]
    assert (values["1.0"], values["2.5"], values["+Inf"]) == (0, 1, 1)


def test_what_is_not_known_is_absent() -> None:
    found = samples(Exposition().write(facts(quality=None)).body.decode())
    assert not [name for name, *_ in found if name.startswith("feedrec_clock_") and name != "feedrec_clock_steps_total"]
    assert ("feedrec_clock_steps_total",) in found


@pytest.mark.parametrize("name", ['a"b', "a\\b", "a\nb", "ä", 'x",feed="y'])
def test_names_are_escaped(name: str) -> None:
    found = samples(Exposition().write(facts(names=(name,))).body.decode())
    assert found["feedrec_connections_open", "coinbase-advanced", name] == 1


def test_a_feed_that_is_gone_is_gone() -> None:
    exposition = Exposition()
    exposition.write(facts(names=("a", "b")))
    assert 'feed="b"' not in exposition.write(facts(names=("a",))).body.decode()


@pytest.mark.parametrize(
    ("accept", "content_type"),
    [
        ("", "text/plain; version=0.0.4; charset=utf-8"),
        ("text/html", "text/plain; version=0.0.4; charset=utf-8"),
        ("application/openmetrics-text; version=1.0.0", "application/openmetrics-text; version=1.0.0; charset=utf-8"),
        ("application/openmetrics-text; version=nonsense", ""),
    ],
)
def test_the_form_is_the_one_that_is_asked_for(accept: str, content_type: str) -> None:
    written = Exposition().write(facts(), accept)
    assert written.content_type.startswith(content_type)
    if "openmetrics" in content_type:
        families = parse_openmetrics(written.body.decode())  # type: ignore[no-untyped-call]
        assert {family.name for family in families} >= {"feedrec_frames"}
    else:
        assert samples(written.body.decode())


@pytest.mark.parametrize(("accepted", "encoding"), [("", ""), ("deflate, gzip;q=0.5", "gzip"), ("br", "")])
def test_it_is_compressed_if_that_is_accepted(accepted: str, encoding: str) -> None:
    written = Exposition().write(facts(), accept_encoding=accepted)
    assert written.encoding == encoding
    text = gzip.decompress(written.body) if encoding else written.body
    assert b"feedrec_frames_total" in text


def test_a_large_scrape_lets_the_event_loop_have_its_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is written in a thread, which lets go of the interpreter after each hundred samples at the latest."""
    pauses = list[float]()
    monkeypatch.setattr("feedrec.recorder.watching.exposition.time.sleep", pauses.append)
    text = Exposition().write(facts(names=tuple(f"feed {number}" for number in range(100)))).body.decode()
    metrics: dict[str, int] = {}
    for line in text.splitlines():
        name = line.partition("{")[0].removesuffix("_bucket")
        metrics[name] = metrics.get(name, 0) + 1
    assert len(pauses) >= sum(count // 100 for count in metrics.values())
    assert all(pause > 0 for pause in pauses)


def test_of_a_feed_that_has_not_begun_only_that_is_shown() -> None:
    """It is missed by whoever waits for it, and has no figures."""
    watch = ProcessWatch(Incidents())
    watch.expect({"later": "coinbase-advanced"})
    found = samples(Exposition().write(watch.facts()).body.decode())
    shown = {key for key in found if "later" in key}
    assert {name for name, *_ in shown} == {"feedrec_ready", "feedrec_run_state"}
    assert found["feedrec_ready", "coinbase-advanced", "later"] == 0
    assert found["feedrec_run_state", "coinbase-advanced", "later", "waiting"] == 1


def test_the_states_are_those_of_a_run() -> None:
    assert set(RunState) < set(STATES)


@pytest.mark.parametrize("name", METRICS)
def test_names_follow_the_conventions_of_prometheus(name: str) -> None:
    """Counters end in _total, and nothing else does; units are base units."""
    spec = METRICS[name]
    assert re.fullmatch(r"feedrec_[a-z_]+", name)
    assert name.endswith("_total") == (spec.kind == "counter")
    assert not re.search(r"(ms|milliseconds|kb|percent)(_total)?$", name)
    assert spec.text.endswith(".")
