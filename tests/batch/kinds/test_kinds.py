"""A batch makes of a recording what the commands make of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from feedrec.processing.exporting import TARGETS

from ...cli.command import DEMO, feedrec
from ..here import run
from ..recordings import files_below


def of_command(*arguments: object) -> Any:
    done = feedrec(*arguments)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("name", ["jsonl", "jsonl.gz", "parquet"])
def test_convert_makes_what_the_command_makes(tmp_path: Path, name: str) -> None:
    """Byte for byte, with what is chosen and left out."""
    assert run("convert", [DEMO], tmp_path / "batch", format=name, channels=["level2"], trim_book=5, level=3).done == 1
    of_command("convert", DEMO, "-o", tmp_path / f"demo.{name}", "-c", "level2", "--trim-book", 5, "--level", 3)
    assert (tmp_path / "batch" / f"demo.{name}").read_bytes() == (tmp_path / f"demo.{name}").read_bytes()


@pytest.mark.parametrize("target", TARGETS)
def test_export_writes_what_the_command_writes(tmp_path: Path, target: str) -> None:
    total = run("export", [DEMO], tmp_path / "batch", to=target, products=["BTC-USD"])
    assert (total.done, total.failed) == (1, 0), total.results
    of_command("export", DEMO, "--to", target, "-o", tmp_path / f"demo.{target}", "-p", "BTC-USD")
    made = files_below(tmp_path / "batch")
    if TARGETS[target].is_folder:
        expected = {f"demo.{target}/{name}": data for name, data in files_below(tmp_path / f"demo.{target}").items()}
    else:
        expected = {f"demo.{target}": (tmp_path / f"demo.{target}").read_bytes()}
    assert made.keys() == expected.keys()
    assert [name for name in made if made[name] != expected[name]] == []


@pytest.mark.parametrize("kind", ["verify", "info"])
def test_verify_and_info_write_the_json_of_the_command(tmp_path: Path, kind: str) -> None:
    (result,) = run(kind, [DEMO], tmp_path).results
    (made,) = files_below(tmp_path).values()
    told = json.loads(made)
    assert told == json.loads(of_command(kind, DEMO, "--json"))
    assert result.facts["frames"] == told["frames"] > 0


def test_info_reads_all_if_it_shall(tmp_path: Path) -> None:
    run("info", [DEMO], tmp_path, full=True)
    (made,) = files_below(tmp_path).values()
    assert json.loads(made)["read"] is True


def test_of_damage_export_and_convert_fail_and_info_tells(tmp_path: Path) -> None:
    cut = tmp_path / "cut.jsonl.zst"
    cut.write_bytes(DEMO.read_bytes()[:50_000])
    for kind, options in {"convert": {}, "export": {"to": "hftbacktest"}}.items():
        (result,) = run(kind, [cut], tmp_path / kind, **options).results
        assert result.status == "failed"
        assert result.reason.startswith(f"{cut}: ")
        assert files_below(tmp_path / kind) == {}
    (result,) = run("info", [cut], tmp_path / "info").results
    assert (result.status, bool(result.reason)) == ("loss", True)
