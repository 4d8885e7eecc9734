"""Endpoints from other packages, in processes that have such packages installed."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from feedrec.formats import create_recording
from feedrec.model import Header

from ..cli.command import feedrec
from ..timing import HANG_TIMEOUT

ROOT = Path(__file__).parents[2]
GOOD = """
from feedrec.feeds.defaults import ClientDefaults, FeedDefaults

class Acme(FeedDefaults):
    name = "acme"
    summary = "Acme"
    url = "wss://acme.test"

    def client(self, subscriptions, credentials=None):
        return ClientDefaults()

FEED = Acme()
"""


def install(folder: Path, package: str, code: str, *offers: str) -> None:
    """Put a module and what tells of it where Python looks for packages."""
    (folder / f"{package}.py").write_text(code)
    info = folder / f"{package}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("\n".join(("[feedrec.feeds]", *offers, "")))


def python(folder: Path, code: str) -> str:
    """Run Python with these packages; give what it prints."""
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)],
        env={**os.environ, "PYTHONPATH": f"{folder}:{ROOT}"}, capture_output=True, text=True, timeout=HANG_TIMEOUT,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def refusal_of(folder: Path, name: str) -> str:
    """Give the text of the error with which an endpoint is refused; it must be one line, and raw must be there."""
    text = python(
        folder,
        f"""
        from feedrec.errors import UsageError
        from feedrec.feeds import endpoint_names, feed_of, find_feed
        assert find_feed("raw").name == "raw"
        assert "raw" in endpoint_names()
        assert feed_of({name!r}) is None
        try:
            find_feed({name!r})
        except UsageError as error:
            print(error)
        """,
    )
    assert text.count("\n") == 1
    return text


def test_a_feed_of_another_package_is_found_by_name(tmp_path: Path) -> None:
    install(tmp_path, "acme", GOOD, "acme = acme:FEED")
    code = """
    from feedrec.feeds import endpoint_names, feed_of, find_feed, venue_of
    print(endpoint_names()[-1], find_feed("acme").url, feed_of("acme").name, venue_of("acme"))
    """
    assert python(tmp_path, code).split() == ["acme", "wss://acme.test", "acme", "None"]


def test_a_suggestion_may_be_one_of_another_package(tmp_path: Path) -> None:
    install(tmp_path, "acme", GOOD, "acme = acme:FEED")
    assert "did you mean 'acme'?" in refusal_of(tmp_path, "acne")


def test_a_built_in_endpoint_cannot_be_hidden(tmp_path: Path) -> None:
    install(tmp_path, "acme", GOOD.replace('"acme"', '"raw"'), "raw = acme:FEED")
    code = """
    from feedrec.feeds import endpoint_names, find_feed
    print(find_feed("raw").url or "-", endpoint_names().count("raw"))
    """
    assert python(tmp_path, code).split() == ["-", "1"]


def test_a_package_that_cannot_be_imported_is_named(tmp_path: Path) -> None:
    install(tmp_path, "acme", "raise RuntimeError('two\\nlines')", "acme = acme:FEED")
    text = refusal_of(tmp_path, "acme")
    assert "'acme' of the package acme (acme:FEED) cannot be loaded: RuntimeError: two lines" in text


def test_a_state_written_in_steps_is_refused_with_what_to_write(tmp_path: Path) -> None:
    install(tmp_path, "acme", "from feedrec.feeds.steps import apply_in_steps", "acme = acme:FEED")
    assert "(acme:FEED) cannot be loaded: its state is written for feedrec 0.1: apply(info, payload) must change" in (
        refusal_of(tmp_path, "acme")
    )


IN_STEPS = """
class State:
    def apply_all(self, frames):
        yield

class Venue(Acme):
    def server(self, catalogue, settings, auth):
        return None

    def state(self, wanted):
        return State()

FEED = Venue()
"""


@pytest.mark.parametrize(
    "command", [["replay", "--port", "0"], ["convert", "-o", "y.jsonl", "--from", "+1s", "--with-state"]]
)
def test_where_a_state_is_needed_one_in_steps_is_refused_with_what_to_write(tmp_path: Path, command: list[str]) -> None:
    install(tmp_path, "acme", GOOD + IN_STEPS, "acme = acme:FEED")
    create_recording(tmp_path / "x.jsonl", Header("acme")).finish()
    environment = {**os.environ, "PYTHONPATH": f"{tmp_path}:{ROOT}"}
    done = feedrec(command[0], tmp_path / "x.jsonl", *command[1:], cwd=tmp_path, env=environment)
    assert done.returncode == 2
    assert b"the state of feed 'acme' is written for feedrec 0.1: apply(info, payload) must change" in done.stderr


def test_a_package_that_would_end_the_program_is_named(tmp_path: Path) -> None:
    install(tmp_path, "acme", "raise SystemExit(7)", "acme = acme:FEED")
    assert "cannot be loaded: SystemExit: 7" in refusal_of(tmp_path, "acme")


def test_an_attribute_that_is_not_there_is_named(tmp_path: Path) -> None:
    install(tmp_path, "acme", GOOD, "acme = acme:NOTHING")
    assert "(acme:NOTHING) cannot be loaded" in refusal_of(tmp_path, "acme")


def test_what_is_no_feed_is_told_what_it_lacks(tmp_path: Path) -> None:
    install(tmp_path, "acme", GOOD.replace("def client", "def klient"), "acme = acme:FEED")
    assert "is not a feed: it lacks client; build it on FeedDefaults" in refusal_of(tmp_path, "acme")


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("summary = None", "summary and its url must be strings"),
        ("channels = ['trades']", "channels must be a mapping"),
        ("channels = {'trades': 'all'}", "channels must be a mapping"),
        ("credentials = 'KEY'", "credentials must be a CredentialsKind"),
        ("limits = (8,)", "defaults, limits and failover must be strings"),
    ],
)
def test_what_the_catalogue_would_stumble_over_is_told(tmp_path: Path, line: str, problem: str) -> None:
    install(
        tmp_path, "acme", GOOD.replace('    summary = "Acme"', f'    summary = "Acme"\n    {line}'), "acme = acme:FEED"
    )
    assert problem in refusal_of(tmp_path, "acme")


def test_feed_and_entry_point_have_one_name(tmp_path: Path) -> None:
    install(tmp_path, "acme", GOOD, "other = acme:FEED")
    assert "is named 'acme'" in refusal_of(tmp_path, "other")


def test_two_packages_with_one_name_are_both_named(tmp_path: Path) -> None:
    install(tmp_path, "acme", GOOD, "acme = acme:FEED")
    install(tmp_path, "ajax", GOOD, "acme = ajax:FEED")
    text = refusal_of(tmp_path, "acme")
    assert "acme and ajax" in text or "ajax and acme" in text


def test_packages_are_not_looked_through_until_they_must_be(tmp_path: Path) -> None:
    """Neither the import of feedrec, nor --help, nor a built-in endpoint is worth it."""
    code = """
    import importlib.metadata, sys
    def refuse(**_): raise AssertionError("looked through")
    importlib.metadata.entry_points = refuse
    import feedrec, feedrec.feeds
    from feedrec.cli import cli
    for arguments in (["--help"], ["record", "--help"], ["feeds", "--help"]):
        try:
            cli.main(arguments, standalone_mode=False)
        except SystemExit:
            pass
    feedrec.feeds.find_feed("raw")
    feedrec.feeds.feed_of("coinbase-advanced")
    """
    assert "Usage" in python(tmp_path, code)
