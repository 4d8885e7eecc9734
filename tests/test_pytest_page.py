"""What docs/pytest.md shows is what happens."""

from __future__ import annotations

import shutil

import pytest

from feedrec.errors import NetworkBlockedError

from .cli.command import DEMO, mock_venue
from .test_docs import ROOT, blocks, words
from .timing import HANG_TIMEOUT

PAGE = ROOT / "docs" / "pytest.md"


def test_recordings_are_found_from_other_folders(pytester: pytest.Pytester) -> None:
    """By the configuration that is shown, with all its options, and by the fixture, which goes first."""
    (tests,) = blocks(PAGE, "python")
    (fixture,) = blocks(PAGE, "python conftest")
    (configuration,) = blocks(PAGE, "ini")
    for folder in ("tests/feeds", "tests/deep/other", "tests/deep/mine"):
        (pytester.path / folder).mkdir(parents=True)
    (pytester.path / "pytest.ini").write_text(configuration)
    (pytester.path / "tests" / "deep" / "mine" / "conftest.py").write_text(fixture)
    for folder in ("other", "mine"):
        (pytester.path / "tests" / "deep" / folder / f"test_{folder}.py").write_text(tests)
    for folder in ("feeds", "deep/mine"):
        shutil.copy(DEMO, pytester.path / "tests" / folder / "today.jsonl.zst")
    warning = "error::feedrec.testing.OldRecordingWarning"
    result = pytester.runpytest_subprocess("-W", warning, "--feed-max-age=365000d", timeout=HANG_TIMEOUT)
    result.assert_outcomes(passed=4)


def test_a_test_makes_its_recording_and_then_needs_nobody(pytester: pytest.Pytester) -> None:
    """The venue is a replay here."""
    (code,) = blocks(PAGE, "python recording")
    with mock_venue(DEMO, "--mode", "venue") as url:
        pytester.makepyfile(code.replace("coinbase-advanced", url))
        result = pytester.runpytest_subprocess("--feed-record=once", timeout=HANG_TIMEOUT)
        result.assert_outcomes(passed=1)
    pytester.runpytest_subprocess(timeout=HANG_TIMEOUT).assert_outcomes(passed=1)


def test_a_refused_connection_is_named_as_shown() -> None:
    error = NetworkBlockedError("advanced-trade-ws.coinbase.com:443")
    assert words(f"feedrec.errors.NetworkBlockedError: {error}") in words(PAGE.read_text())
