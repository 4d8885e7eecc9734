"""Where feeds would write."""

from __future__ import annotations

from pathlib import Path

import pytest

from feedrec.cli.recording.config.places import files_of, first_collision, has_own_names, why_unusable
from feedrec.cli.recording.options.files.output_options import OutputOptions
from feedrec.feeds import Subscription
from feedrec.feeds.coinbase_advanced import FEED
from feedrec.feeds.redaction import Redaction
from feedrec.formats.file.rotation import RotateAfter
from feedrec.recorder import Source

SOURCE = Source(FEED, FEED.url, [Subscription("level2", ("BTC-USD",))], None, None, Redaction())


def place(output: str | None, rotate: RotateAfter | None = None, *, overwrite: bool = False) -> OutputOptions:
    return OutputOptions(output, None, rotate, None, None, overwrite, 600.0)


@pytest.mark.parametrize(
    ("one", "other", "verdict"),
    [
        ("x.jsonl", "x.jsonl", "collide"),
        ("x.jsonl", "y.jsonl", "do not"),
        ("x.jsonl.zst", "./x.jsonl.zst", "collide"),
        ("x.jsonl.zst", "link/x.jsonl.zst", "collide"),
        ("x.jsonl.zst", "x-0001.jsonl.zst", "collide"),
        ("x-0012.jsonl.zst", "x.jsonl.zst", "collide"),
        ("x.parquet", "x.parquet.jsonl.zst", "collide"),
        ("x.parquet", "x.jsonl.zst", "do not"),
        (".", ".", "do not"),
        (None, "./", "do not"),
        ("d/{endpoint}/{date}.jsonl", "d//{endpoint}/{date}.jsonl", "collide"),
        ("d/{endpoint}/{date}.jsonl", "d/coinbase-advanced/{date}.jsonl", "collide"),
        ("d/{endpoint}/{date}.jsonl", "d/x/{date}.jsonl", "do not"),
        ("d/{date}/a.jsonl", "d/{date}/b.jsonl", "do not"),
    ],
)
def test_feeds_collide_where_files_of_theirs_may_have_one_name(
    one: str | None, other: str | None, verdict: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However the path is written; in a folder, each run has names that no other has."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "link").symlink_to(tmp_path)
    files = {name: files_of(SOURCE, place(output)) for name, output in (("z", "z.jsonl"), ("a", one), ("b", other))}
    assert first_collision(files) == (("a", "b") if verdict == "collide" else None)


def test_a_run_could_not_begin_where_its_file_is_there(tmp_path: Path) -> None:
    """Under either name, unless it may be replaced, or numbers go on after it."""
    path = f"{tmp_path}/x.jsonl.zst"
    assert why_unusable(place(path)) is None
    Path(f"{path}.part").touch()
    assert "x.jsonl.zst.part is there already" in (why_unusable(place(path)) or "")
    assert why_unusable(place(path, overwrite=True)) is None
    assert why_unusable(place(path, RotateAfter(size=1))) is None
    assert why_unusable(place(f"{tmp_path}/")) is None
    assert "is no folder" in (why_unusable(place(f"{tmp_path}/no/")) or "")
    assert why_unusable(place(f"{tmp_path}/no/{{date}}.jsonl")) is None
    Path(path).touch()
    assert "is no folder" in (why_unusable(place(f"{path}/{{date}}.jsonl")) or "")


def test_runs_whose_names_tell_the_time_may_be_on_at_once() -> None:
    """Where a name is taken, they take another one; not so where it was chosen, or is numbered."""
    assert [has_own_names(place(one)) for one in (None, "./", "{channel}-{time}.jsonl", "{date}/")] == [True] * 4
    assert [has_own_names(place(one)) for one in ("x.jsonl", "{channel}.jsonl")] == [False] * 2
