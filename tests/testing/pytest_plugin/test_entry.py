from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from ...replay.dialogues import record_dialogue
from ...replay.recordings import numbered, record
from .conftest import Suite, Venue

if TYPE_CHECKING:
    from tests.object_server import Bucket

LOADED = """
import json, sys
from pathlib import Path

def pytest_unconfigure(config):
    Path("loaded.json").write_text(json.dumps(sorted(name for name in sys.modules if name.split(".")[0] == "feedrec")))
"""


OVERRIDING = """
import pytest

@pytest.fixture(scope="session")
def feed_dir(pytestconfig):
    return str(pytestconfig.rootpath / "others")
"""


@pytest.mark.parametrize("arguments", [[], ["-p", "no:feedrec"]])
def test_a_suite_that_does_not_use_it_loads_nothing_of_feedrec(suite: Suite, arguments: list[str]) -> None:
    """But for the entry, the packages that it is in, and what loads more; nothing at all if the plug-in is off."""
    suite.write("conftest.py", LOADED)
    suite.module("def test_nothing(): pass")
    suite.run(*arguments).assert_outcomes(passed=1)
    loaded = json.loads((suite.path / "loaded.json").read_text())
    package = "feedrec.testing.pytest_plugin"
    assert loaded == ([] if arguments else ["feedrec", "feedrec.lazy", "feedrec.testing", package, f"{package}.entry"])


LEFT = """
import gc

def pytest_sessionfinish():
    gc.collect()
    left = [one for one in gc.get_objects() if type(one).__name__ in ("FeedReplay", "FeedsOfTest")]
    assert left == []
"""


def test_a_test_hears_what_is_recorded(suite: Suite) -> None:
    """By the factory, with options, or by the marker; with strict markers, no warning, and nothing left at the end."""
    suite.write("conftest.py", LEFT)
    suite.module("""
FRAMES = [f'{{"number":{number}}}' for number in range(3)]

def test_factory(feed_replay):
    feed = feed_replay("three.jsonl.zst", speed="max")
    other = feed_replay("three.jsonl.zst")
    assert feed.url != other.url
    assert hear(feed.url) == hear(other.url) == FRAMES
    feed.wait_done()

@pytest.mark.feed("three.jsonl.zst", speed="max")
def test_marker(feed):
    assert hear(feed.url) == FRAMES
    assert [message.text for message in feed.received] == ['{"id":1}']

@pytest.mark.feed("three.jsonl.zst", faults="dup=100%", seed=7)
def test_faults(feed):
    assert hear(feed.url) == [FRAMES[0], FRAMES[0], FRAMES[1]]
    assert [hit.position for hit in feed.faults][:2] == [0, 1]

@pytest.mark.feed("three.jsonl.zst")
class TestMany:
    def test_class(self, feed):
        assert hear(feed.url) == FRAMES

    @pytest.mark.feed("three.jsonl.zst", mode="nonsense")
    def test_nearest_marker(self, feed_replay, request):
        assert request.node.get_closest_marker("feed").kwargs

def test_what_is_loaded(feed_replay):
    import sys
    import feedrec.replay
    assert "feedrec.recorder" not in sys.modules
    assert "pytest" not in type(feedrec.replay.__loader__).__module__
""")
    result = suite.run("--strict-markers", "-W", "error")
    result.assert_outcomes(passed=6)
    assert result.ret == pytest.ExitCode.OK


def test_what_is_wrong_is_said_in_a_line(suite: Suite) -> None:
    """No line of feedrec's own code is shown: what the test did is."""
    suite.module("""
def test_without_marker(feed): pass

@pytest.mark.feed("none.jsonl.zst")
def test_missing(feed): pass

@pytest.mark.feed("none.jsonl.zst", to="coinbase-advanced")
def test_missing_with_source(feed): pass

def test_factory(feed_replay):
    feed_replay("none.jsonl.zst")

def test_option(feed_replay):
    feed_replay("three.jsonl.zst", sped=2)

@pytest.mark.feed()
def test_nothing(feed): pass
""")
    (suite.path / "damaged.jsonl.zst").write_bytes((suite.path / "three.jsonl.zst").read_bytes()[:-40])
    result = suite.run()
    result.assert_outcomes(errors=4, failed=2)
    text = result.stdout.str()
    assert "is marked with: add @pytest.mark.feed(" in text
    assert "none.jsonl.zst: no such recording: make it with `feedrec record`" in text
    assert (
        "none.jsonl.zst: no such recording: `pytest --feed-record=once` makes it, through a connection to coinbase"
        in text
    )
    assert '>       feed_replay("none.jsonl.zst")' in text
    assert "no option 'sped'; did you mean 'speed'?" in text
    assert "there is nothing to replay" in text
    assert "feeds_of_test.py" not in text
    assert "another exception" not in text


def test_recordings_are_looked_for_beside_the_test(suite: Suite) -> None:
    """Absolute paths are what they are."""
    (suite.path / "deep").mkdir()
    path = record(suite.path / "other.jsonl", numbered(2))
    record(suite.path / "deep" / "beside.jsonl", numbered(1))
    suite.write(
        "deep/test_it.py", f"def test_it(feed_replay): feed_replay('beside.jsonl', speed=1), feed_replay({str(path)!r})"
    )
    suite.run().assert_outcomes(passed=1)


def test_recordings_are_looked_for_where_one_says(suite: Suite) -> None:
    """In the folder of the option, from where the file with the options is, or where a fixture of the suite leads."""
    for name in ("feeds", "others"):
        (suite.path / name).mkdir()
        record(suite.path / name / f"{name}.jsonl", numbered(1))
        suite.write(f"deep/{name}/test_{name}.py", f"def test_it(feed_replay): feed_replay('{name}.jsonl')")
    suite.write("pytest.ini", "[pytest]\nfeed_dir = feeds\n")
    suite.write("deep/others/conftest.py", OVERRIDING)
    suite.run("deep").assert_outcomes(passed=2)


@pytest.mark.parametrize(
    ("line", "arguments", "said"),
    [
        ("feed_record = sometimes", [], "feed_record is one of none, once, all, not 'sometimes'"),
        ("", ["--feed-record=sometimes"], "invalid choice: 'sometimes'"),
        ("", ["--feed-max-age=old"], "--feed-max-age: 'old' is no time, such as 30d or 12h"),
        ("feed_max_age = 3x", [], "--feed-max-age: '3x' is no time, such as 30d or 12h"),
    ],
)
def test_options_that_make_no_sense_end_the_run(suite: Suite, line: str, arguments: list[str], said: str) -> None:
    suite.write("pytest.ini", f"[pytest]\n{line}\n")
    result = suite.run_here(*arguments)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert said in result.stderr.str()


def test_marker_and_options_are_in_the_help(suite: Suite) -> None:
    assert (
        "@pytest.mark.feed(*recordings, to=None, endpoint=None, rest_to=None, **options): "
        in suite.run_here("--markers").stdout.str()
    )
    text = suite.run_here("--help").stdout.str()
    for name in ("--feed-record", "--feed-max-age", "--feed-block-network", "feed_dir", "feed_block_network"):
        assert name in text
    assert "feed_replay" in suite.run_here("--fixtures").stdout.str()


def test_a_client_that_does_not_say_what_was_recorded_fails_its_test(suite: Suite) -> None:
    """Though the test does not look; the difference is shown."""
    record_dialogue(suite.path / "talk.jsonl", ['> {"op":"add"}', "< 3"])
    suite.module("""
@pytest.mark.feed("talk.jsonl", mode="dialogue")
def test_as_recorded(feed):
    assert hear(feed.url, '{ "op": "add" }', 1) == ["3"]

@pytest.mark.feed("talk.jsonl", mode="dialogue")
def test_otherwise(feed):
    with pytest.raises(Exception):
        hear(feed.url, '{"op":"sub"}')
""")
    result = suite.run()
    result.assert_outcomes(passed=1, failed=1)
    failed = "client 1: message 1 of 1 is not the recorded one (connection 0 of talk.jsonl)"
    result.stdout.fnmatch_lines_random([failed, '-   "op": "add"', '+   "op": "sub"'])


def test_a_dialogue_is_recorded_by_running_its_test_once(suite: Suite, venue: Venue) -> None:
    """After that it needs no venue, and the client may have another id."""
    suite.module(f"""
import os

@pytest.mark.feed("talk.jsonl", to="{venue.url}", mode="dialogue", match="ignore:id")
def test_talk(feed):
    said = '{{"id":"%s"}}' % os.urandom(8).hex()
    assert hear(feed.url, said)[-1] == '{{"number":2,"to":%s}}' % said
""")
    suite.run("--feed-record=once").assert_outcomes(passed=1)
    venue.close()
    suite.run("--feed-block-network").assert_outcomes(passed=1)
    assert venue.connections == 1


def test_recordings_may_be_in_a_bucket(suite: Suite, bucket: Bucket) -> None:
    bucket.store.create("feeds/three.jsonl.zst", suite.path / "three.jsonl.zst")
    (suite.path / "three.jsonl.zst").unlink()
    suite.write("pytest.ini", f"[pytest]\nfeed_dir = {bucket.url}/feeds\n")
    suite.module(
        f"""
@pytest.mark.feed("three.jsonl.zst", speed="max")
def test_marked(feed): assert len(hear(feed.url)) == 3

def test_by_name(feed_replay): feed_replay("{bucket.url}/feeds/three.jsonl.zst")

def test_missing(feed_replay): feed_replay("none.jsonl")
"""
    )
    result = suite.run()
    result.assert_outcomes(passed=2, failed=1)
    result.stdout.fnmatch_lines(["*/feeds/none.jsonl: no such object*"])
