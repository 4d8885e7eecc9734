"""`feedrec export`."""

from __future__ import annotations

import json
import os
import pty
import re
from pathlib import Path

import pytest

from ...timing import HANG_TIMEOUT
from ..command import DEMO, background, feedrec


def export(*arguments: object, code: int = 0) -> str:
    """Run it; give what it printed, or its error."""
    done = feedrec("export", *arguments)
    assert done.returncode == code, done.stderr.decode()
    return (done.stdout if code == 0 else done.stderr).decode()


@pytest.mark.parametrize("kind", ["pcapng", "har"])
def test_a_file_for_people_who_look_at_connections(tmp_path: Path, kind: str) -> None:
    target = tmp_path / f"x.{kind}"
    first, size = export(DEMO, "--to", kind, "-o", target).splitlines()
    assert first == f"wrote 1 connection and 1,550 frames to {target}"
    assert "MB" in size
    assert feedrec("export", DEMO, "--to", kind, "-o", "-").stdout == target.read_bytes()
    assert "already exists" in export(DEMO, "--to", kind, "-o", target, code=1)
    facts = json.loads(export(DEMO, "--to", kind, "-o", target, "--overwrite", "--json", "-c", "ticker"))
    assert 0 < facts["frames"] < 1_545


def test_json_and_stdout_exclude_each_other() -> None:
    assert "--json and -o - both write to stdout" in export(DEMO, "--to", "har", "-o", "-", "--json", code=2)


MARKET = ("hftbacktest", "tardis-csv", "parquet-ticks")


@pytest.mark.parametrize("kind", MARKET)
def test_a_folder_of_prices_and_trades(tmp_path: Path, kind: str) -> None:
    target = tmp_path / "out"
    first, *files, read = export(DEMO, "--to", kind, "-o", target).splitlines()
    assert first == f"wrote {len(files)} files to {target}"
    assert len(files) == sum(path.is_file() for path in target.rglob("*"))
    assert read.startswith("  read: ")
    assert "use --overwrite" in export(DEMO, "--to", kind, "-o", target, code=1)
    facts = json.loads(export(DEMO, "--to", kind, "-o", target, "--overwrite", "--json", "-p", "BTC-USD"))
    assert facts["book_changes"] > 100
    assert facts["trades"] > 10
    assert {one["product"] for one in facts["files"]} <= {"BTC-USD", ""}


@pytest.mark.parametrize("kind", ["hftbacktest", "har"])
def test_how_far_it_is_is_shown_on_a_terminal(tmp_path: Path, kind: str) -> None:
    controller, terminal = pty.openpty()
    try:
        environment = {**os.environ, "TERM": "xterm"}
        with background(
            "export", DEMO, "--to", kind, "-o", tmp_path / "x", stderr=terminal, env=environment
        ) as process:
            assert process.wait(HANG_TIMEOUT) == 0
        shown = os.read(controller, 1 << 16)
    finally:
        os.close(controller)
        os.close(terminal)
    assert re.search(rb"exporting \d+% \| \S+ kB of \S+ kB", shown)


def test_a_cut_begins_with_the_books_of_then(tmp_path: Path) -> None:
    facts = json.loads(
        export(DEMO, "--to", "tardis-csv", "-o", tmp_path / "x", "--json", "--from", "+5s", "--until", "+6s")
    )
    assert facts["snapshots"] == 2


def test_a_choice_of_nothing_is_said_to_be_one(tmp_path: Path) -> None:
    said = export(DEMO, "--to", "hftbacktest", "-o", tmp_path / "x", "-p", "NO-SUCH")
    assert said.startswith("nothing to write to ")


def test_tables_are_chosen_by_name(tmp_path: Path) -> None:
    export(DEMO, "--to", "tardis-csv", "-o", tmp_path / "x", "--table", "trades", "--table", "quotes")
    kinds = {path.name.split("_2")[0] for path in (tmp_path / "x").iterdir()}
    assert kinds == {"coinbase_trades", "coinbase_quotes", "gaps.csv"}


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (("--to", "tardis-csv", "-o", DEMO), "is a file: --to tardis-csv writes several, so name a folder"),
        (("--to", "har", "-o", "x", "--table", "trades"), "--table is for --to tardis-csv, parquet-ticks"),
        (("--to", "tardis-csv", "-o", "x", "--fix-latency"), "--fix-latency is for --to hftbacktest: leave it out"),
        (("--to", "tardis-csv", "-o", "-"), "--to tardis-csv writes several files, not stdout: name a folder with -o"),
        (("--to", "har", "-o", "x", "--from", "2s", "--until", "1s"), "--from must be before --until"),
        (("--to", "parquet-ticks", "-o", "x", "--table", "trade"), "no table 'trade'; did you mean 'trades'?"),
        (("--to", "tardis-csv", "-o", "x", "--table", "trade"), "'trade' is none of the tables of tardis.dev"),
    ],
)
def test_what_does_not_go_together_is_said(arguments: tuple[str, ...], text: str, tmp_path: Path) -> None:
    done = feedrec("export", DEMO, *arguments, cwd=tmp_path)
    assert done.returncode == 2
    assert text in done.stderr.decode()
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("kind", MARKET)
def test_of_a_file_that_was_cut_off_nothing_is_written_and_the_remedy_is_told(tmp_path: Path, kind: str) -> None:
    (tmp_path / "cut.jsonl.zst").write_bytes(DEMO.read_bytes()[:40_000])
    told = export(tmp_path / "cut.jsonl.zst", "--to", kind, "-o", tmp_path / "out", code=1)
    assert "the file is cut off" in told
    assert "nothing was written; `feedrec repair` saves what is good" in told
    assert not (tmp_path / "out").exists()
