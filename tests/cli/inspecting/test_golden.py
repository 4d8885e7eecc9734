"""`feedrec info --check`: what differs from a file of facts, and the exit code."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ..command import DEMO, feedrec


@pytest.fixture
def golden(tmp_path: Path) -> Path:
    """Give the facts of the demo's recording."""
    (tmp_path / "golden.json").write_bytes(feedrec("info", "--json", DEMO).stdout)
    return tmp_path / "golden.json"


def changed(golden: Path, **changes: Any) -> Path:
    golden.write_text(json.dumps({**json.loads(golden.read_text()), **changes}))
    return golden


@pytest.mark.parametrize("suffix", [".jsonl", ".parquet"])
def test_the_same_recording_in_another_format_is_the_same(tmp_path: Path, golden: Path, suffix: str) -> None:
    feedrec("convert", DEMO, "-o", tmp_path / f"other{suffix}")
    done = feedrec("info", tmp_path / f"other{suffix}", "--check", golden)
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.startswith(f"as in {golden}: ".encode())


def test_several_files_are_compared_as_one_recording(tmp_path: Path, golden: Path) -> None:
    feedrec("convert", DEMO, "-o", tmp_path / "part.jsonl", "--split", "200kB")
    parts = sorted(tmp_path.glob("part-*.jsonl"))
    assert len(parts) > 2
    assert feedrec("info", *parts, "--check", golden).returncode == 0
    assert feedrec("info", *parts[1:], "--check", golden).returncode == 3


def test_what_differs_fits_80_columns_and_shows_what_cannot_be_seen(golden: Path) -> None:
    rows = [{"channel": "ticker", "product": "BTC-USD\x1b[2J", "frames": 1}]
    wanted = [{"channel": "level2", "products": [f"PRODUCT-{number}" for number in range(30)]}]
    changed(golden, frames=7, url="wss://\x1b[2J\u202e", channels=rows, subscriptions=wanted)
    done = feedrec("info", DEMO, "--check", golden)
    text = done.stdout.decode()
    assert done.returncode == 3
    assert max(map(len, text.splitlines()[1:])) <= 80  # but for the name of the file
    assert "  frames " in text
    assert "7 " in text
    assert "1545" in text
    assert r"\x1b[2J frames" in text
    assert r"wss://\u001b[2J\u202e" in text
    assert not any(character in text for character in "\x1b\u202e")


def test_facts_that_are_not_in_the_file_are_not_compared(golden: Path) -> None:
    golden.write_text('{"frames":1545}')
    done = feedrec("info", DEMO, "--check", golden)
    assert (done.returncode, done.stdout.decode()) == (0, f"as in {golden}: 1 fact compared\n")


def test_differences_as_json(golden: Path) -> None:
    golden.write_text('{"frames":1,"subscriptions":[]}')
    done = feedrec("info", DEMO, "--check", golden, "--json")
    facts = json.loads(done.stdout)
    assert done.returncode == 3
    assert (facts["golden"], facts["is_same"]) == (str(golden), False)
    assert facts["differences"][0] == {"fact": "frames", "expected": 1, "got": 1545}
    assert facts["differences"][1] == {
        "fact": "subscriptions",
        "got": {"channel": "level2", "products": ["BTC-USD", "ETH-USD"]},
    }


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (b"no json", "it is not the JSON object that `feedrec info --json` writes: make it with"),
        (b"{}", "it has no fact to compare"),
        (b"\xff", "cannot read the file of facts"),
        (b'{"frame":1}', "there is no fact 'frame'; did you mean 'frames'?"),
        (b'{"x\\u001b":1}', r"there is no fact 'x\x1b'; `feedrec info --json` shows what there is"),
        (None, "No such file"),
    ],
)
def test_what_is_no_file_of_facts_is_one_clear_line(golden: Path, text: bytes | None, problem: str) -> None:
    golden.unlink() if text is None else golden.write_bytes(text)
    done = feedrec("info", DEMO, "--check", golden)
    assert (done.returncode, done.stdout) == (2, b"")
    (line,) = done.stderr.decode().splitlines()
    assert problem in line
